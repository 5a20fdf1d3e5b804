package ai.genauth.sdk.java.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.genauth.sdk.java.GenAuthException;
import ai.genauth.sdk.java.TestServer;
import ai.genauth.sdk.java.dto.CreateDepartmentReqDto;
import ai.genauth.sdk.java.dto.CreateOrganizationReqDto;
import ai.genauth.sdk.java.dto.DeleteDepartmentReqDto;
import ai.genauth.sdk.java.dto.DeleteOrganizationReqDto;
import ai.genauth.sdk.java.dto.DepartmentDto;
import ai.genauth.sdk.java.dto.DepartmentI18nDto;
import ai.genauth.sdk.java.dto.DepartmentPaginatedRespDto;
import ai.genauth.sdk.java.dto.DepartmentSingleRespDto;
import ai.genauth.sdk.java.dto.GetOrganizationBatchDto;
import ai.genauth.sdk.java.dto.GetOrganizationDto;
import ai.genauth.sdk.java.dto.IsSuccessRespDto;
import ai.genauth.sdk.java.dto.LangObject;
import ai.genauth.sdk.java.dto.LangUnit;
import ai.genauth.sdk.java.dto.ListChildrenDepartmentsDto;
import ai.genauth.sdk.java.dto.RemoveDepartmentMembersReqDto;
import ai.genauth.sdk.java.enums.LanguageEnum;
import ai.genauth.sdk.java.model.ManagementClientOptions;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The walk that every client takes, and what can go wrong on the way. */
class OrganizationsTest {
    private final TestServer server = TestServer.required();
    private final String code = UUID.randomUUID().toString();

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void walksThroughAnOrganization(boolean signRequests) {
        ManagementClientOptions options = server.options();
        options.setSignRequests(signRequests);
        options.setThrowOnError(true);
        ManagementClient client = new ManagementClient(options);

        CreateOrganizationReqDto organization = new CreateOrganizationReqDto();
        organization.setOrganizationCode(code);
        organization.setOrganizationName("Acme 研发");
        String parent = client.createOrganization(organization).getData().getDepartmentId();

        Deque<String> path = new ArrayDeque<>();
        for (String name : Arrays.asList("Research", "Language", "Grammar & 语法 + 100%")) {
            parent = createDepartment(client, parent, name).getData().getDepartmentId();
            path.push(parent);
        }

        ListChildrenDepartmentsDto below = new ListChildrenDepartmentsDto();
        below.setOrganizationCode(code);
        below.setDepartmentId(path.getLast());
        DepartmentPaginatedRespDto children = client.listChildrenDepartments(below);
        assertEquals(1, children.getData().getList().size());
        DepartmentDto child = children.getData().getList().get(0);
        assertEquals("Language", child.getName());
        assertEquals("部门", child.getI18n().getName().getZhCN().getValue());

        GetOrganizationBatchDto batch = new GetOrganizationBatchDto();
        batch.setOrganizationCodeList(code);
        assertEquals(1, client.getOrganizationsBatch(batch).getData().size());

        RemoveDepartmentMembersReqDto members = new RemoveDepartmentMembersReqDto();
        members.setUserIds(Collections.singletonList("623c20b2a062aaaaf41b17da"));
        members.setOrganizationCode(code);
        members.setDepartmentId(parent);
        members.setDepartmentIdType(RemoveDepartmentMembersReqDto.DepartmentIdType.DEPARTMENT_ID);
        assertTrue(client.removeDepartmentMembers(members).getData().getSuccess());

        for (String departmentId : path) {
            DeleteDepartmentReqDto department = new DeleteDepartmentReqDto();
            department.setOrganizationCode(code);
            department.setDepartmentId(departmentId);
            assertTrue(client.deleteDepartment(department).getData().getSuccess());
        }
        DeleteOrganizationReqDto deleted = new DeleteOrganizationReqDto();
        deleted.setOrganizationCode(code);
        IsSuccessRespDto answer = client.deleteOrganization(deleted);
        assertEquals(Integer.valueOf(200), answer.getStatusCode());
    }

    @Test
    void answersFailuresAndThrowsThemByChoice() {
        assertEquals(Integer.valueOf(404), server.client().getOrganization(nobody()).getStatusCode());

        ManagementClientOptions options = server.options();
        options.setThrowOnError(true);
        ManagementClient client = new ManagementClient(options);
        GenAuthException failure = assertThrows(GenAuthException.class, () -> client.getOrganization(nobody()));
        assertEquals(404, failure.getStatusCode());
        assertNotNull(failure.getRequestId());
    }

    @Test
    void saysSoWhenTheAccessKeyIsWrong() {
        ManagementClientOptions options = server.options();
        options.setAccessKeySecret("wrong");
        ManagementClient client = new ManagementClient(options);
        GenAuthException failure = assertThrows(GenAuthException.class, () -> client.getOrganization(nobody()));
        assertEquals(401, failure.getStatusCode());

        options.setSignRequests(true);
        assertEquals(Integer.valueOf(1300), new ManagementClient(options).getOrganization(nobody()).getApiCode());
    }

    @Test
    void messagesComeInTheLanguageOfTheClient() {
        ManagementClientOptions options = server.options();
        options.setLang(LanguageEnum.CHINESE);
        DeleteDepartmentReqDto root = new DeleteDepartmentReqDto();
        root.setOrganizationCode("nobody");
        root.setDepartmentId("root");
        root.setTenantId("none");
        String chinese = new ManagementClient(options).deleteDepartment(root).getMessage();
        options.setLang(LanguageEnum.ENGLISH);
        String english = new ManagementClient(options).deleteDepartment(root).getMessage();
        assertTrue(!chinese.equals(english), chinese);
    }

    @Test
    void callsOtherOperationsByTheirPaths() {
        String answer = server.client().request("GET", "/api/v3/list-organizations", Collections.singletonMap("limit", 1));
        assertTrue(answer.contains("\"totalCount\""), answer);
    }

    private DepartmentSingleRespDto createDepartment(ManagementClient client, String parent, String name) {
        LangUnit chinese = new LangUnit();
        chinese.setEnabled(true);
        chinese.setValue("部门");
        LangObject names = new LangObject();
        names.setZhCN(chinese);
        DepartmentI18nDto translations = new DepartmentI18nDto();
        translations.setName(names);

        CreateDepartmentReqDto department = new CreateDepartmentReqDto();
        department.setOrganizationCode(code);
        department.setParentDepartmentId(parent);
        department.setName(name);
        department.setI18n(translations);
        department.setDepartmentIdType("department_id");
        department.setMetadata(Collections.singletonMap("2", Arrays.asList(1.5, "é\n")));
        return client.createDepartment(department);
    }

    private static GetOrganizationDto nobody() {
        GetOrganizationDto nobody = new GetOrganizationDto();
        nobody.setOrganizationCode("nobody");
        return nobody;
    }
}
