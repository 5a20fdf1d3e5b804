package ai.genauth.sdk.java.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.genauth.sdk.java.dto.GetManagementAccessTokenDto;
import ai.genauth.sdk.java.dto.GetOrganizationBatchDto;
import ai.genauth.sdk.java.dto.RemoveDepartmentMembersReqDto;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DtoTest {
    @Test
    void sendsItsSecretsAndDoesNotShowThem() {
        GetManagementAccessTokenDto request = new GetManagementAccessTokenDto();
        request.setAccessKeyId("id");
        request.setAccessKeySecret("secret");
        assertEquals("{\"accessKeyId\":\"id\",\"accessKeySecret\":\"***\"}", request.toString());
        assertEquals("{\"accessKeyId\":\"id\",\"accessKeySecret\":\"secret\"}", BaseClient.serialize(request));
    }

    @Test
    void takesAnEnumerationByItsText() {
        RemoveDepartmentMembersReqDto request = new RemoveDepartmentMembersReqDto();
        request.setDepartmentIdType("open_department_id");
        assertEquals(
                RemoveDepartmentMembersReqDto.DepartmentIdType.OPEN_DEPARTMENT_ID, request.getDepartmentIdType());
        assertEquals("{\"departmentIdType\":\"open_department_id\"}", request.toString());
        assertThrows(IllegalArgumentException.class, () -> request.setDepartmentIdType("name"));
    }

    @Test
    void takesTheListOfAQueryAsOneTextToo() {
        GetOrganizationBatchDto request = new GetOrganizationBatchDto();
        request.setOrganizationCodeList("a,b");
        assertEquals(Arrays.asList("a", "b"), request.getOrganizationCodeList());
    }

    @Test
    void readsWhatItWrites() {
        RemoveDepartmentMembersReqDto request =
                BaseClient.deserialize(
                        "{\"departmentIdType\":\"code\",\"userIds\":[\"a\"],\"new\":1}",
                        RemoveDepartmentMembersReqDto.class);
        assertEquals(Arrays.asList("a"), request.getUserIds());
        assertNull(request.getTenantId());
        assertEquals("{\"userIds\":[\"a\"],\"departmentIdType\":\"code\"}", request.toString());
    }
}
