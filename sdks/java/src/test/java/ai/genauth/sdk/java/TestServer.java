package ai.genauth.sdk.java;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.genauth.sdk.java.client.ManagementClient;
import ai.genauth.sdk.java.dto.Dto;
import ai.genauth.sdk.java.model.ManagementClientOptions;

/** The running server that the environment names. */
public final class TestServer {
    private final String origin = System.getenv("GENAUTH_TEST_ORIGIN");
    private final String accessKeyId = System.getenv("GENAUTH_TEST_ACCESS_KEY_ID");
    private final String accessKeySecret = System.getenv("GENAUTH_TEST_ACCESS_KEY_SECRET");

    private TestServer() {}

    /** The server, or the end of this test where there is none. */
    public static TestServer required() {
        TestServer server = new TestServer();
        assumeTrue(
                server.origin != null && server.accessKeyId != null && server.accessKeySecret != null,
                "no server: GENAUTH_TEST_ORIGIN, GENAUTH_TEST_ACCESS_KEY_ID and GENAUTH_TEST_ACCESS_KEY_SECRET");
        return server;
    }

    public ManagementClientOptions options() {
        ManagementClientOptions options = new ManagementClientOptions();
        options.setHost(origin);
        options.setAccessKeyId(accessKeyId);
        options.setAccessKeySecret(accessKeySecret);
        return options;
    }

    public ManagementClient client() {
        return new ManagementClient(options());
    }

    /** The samples name nobody's things, and theirs is nobody's key: 404 is an answer, a server that fails is none. */
    public void assertAnswered(String operation, Dto answer) {
        String text = answer.toString();
        assertNotEquals("{}", text, operation);
        assertFalse(text.matches("\\{\"statusCode\":(403|500).*"), operation + " answered " + text);
        if (!operation.equals("getManagementToken")) {
            assertFalse(text.startsWith("{\"statusCode\":401"), operation + " answered " + text);
        }
    }
}
