package ai.genauth.sdk.java.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.genauth.sdk.java.GenAuthException;
import ai.genauth.sdk.java.dto.CreateAccessKeyDto;
import ai.genauth.sdk.java.dto.GetOrganizationDto;
import ai.genauth.sdk.java.model.ManagementClientOptions;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What happens when the network or the server has a bad day, on a server that plays one. */
class RetriesTest {
    private static final String SUCCESS = "{\"statusCode\":200,\"message\":\"\"}";
    private static final String LOST = "lost";

    /** Answers to come: `status body`, or a connection closed without one. */
    private final Deque<String> answers = new ArrayDeque<>();
    private final List<String> nonces = new ArrayList<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::play);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void repeatsAnyCallThatWasRefusedUnread() {
        ManagementClient client = playing("429 {\"statusCode\":429,\"message\":\"\"}", "200 " + SUCCESS);
        assertEquals(Integer.valueOf(200), client.createAccessKey(new CreateAccessKeyDto()).getStatusCode());
        assertEquals(2, nonces.size());
        assertEquals(2, new HashSet<>(nonces).size(), "a nonce is good for one request");
    }

    @Test
    void repeatsAfterALostAnswerOnlyWhatChangesNothingTwice() {
        assertEquals(Integer.valueOf(200), playing(LOST, "200 " + SUCCESS).getOrganization(new GetOrganizationDto()).getStatusCode());
        nonces.clear();
        ManagementClient client = playing(LOST, "200 " + SUCCESS);
        assertThrows(GenAuthException.class, () -> client.createAccessKey(new CreateAccessKeyDto()));
        assertEquals(1, nonces.size());
    }

    @Test
    void givesUpInTheEnd() {
        String busy = "429 {\"statusCode\":429,\"message\":\"\"}";
        ManagementClient client = playing(busy, busy, busy, "200 " + SUCCESS);
        assertEquals(Integer.valueOf(429), client.getOrganization(new GetOrganizationDto()).getStatusCode());
        assertEquals(3, nonces.size());
    }

    @Test
    void saysWhatAProxyAnsweredInstead() {
        ManagementClient client = playing("403 <html>Forbidden");
        GenAuthException failure =
                assertThrows(GenAuthException.class, () -> client.getOrganization(new GetOrganizationDto()));
        assertEquals(403, failure.getStatusCode());
        assertTrue(failure.getMessage().contains("Forbidden"), failure.getMessage());
    }

    @Test
    void toleratesWhatANewerServerAdds() {
        ManagementClient client =
                playing("200 {\"statusCode\":200,\"message\":\"\",\"new\":1,\"data\":[{\"status\":\"unheard-of\"}]}");
        assertEquals(null, client.createAccessKey(new CreateAccessKeyDto()).getData().get(0).getStatus());
    }

    private ManagementClient playing(String... played) {
        answers.clear();
        answers.addAll(Arrays.asList(played));
        ManagementClientOptions options = new ManagementClientOptions();
        options.setHost("http://127.0.0.1:" + server.getAddress().getPort());
        options.setAccessKeyId("id");
        options.setAccessKeySecret("secret");
        options.setSignRequests(true);
        return new ManagementClient(options);
    }

    private void play(HttpExchange exchange) throws IOException {
        nonces.add(exchange.getRequestHeaders().getFirst("x-genauth-signature-nonce"));
        String answer = answers.pop();
        if (!answer.equals(LOST)) {
            byte[] content = answer.substring(4).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(Integer.parseInt(answer.substring(0, 3)), content.length);
            exchange.getResponseBody().write(content);
        }
        exchange.close();
    }
}
