package ai.genauth.sdk.java.client;

import ai.genauth.sdk.java.GenAuthException;
import ai.genauth.sdk.java.model.ManagementClientOptions;
import ai.genauth.sdk.java.util.JsonUtils;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** What the generated operations stand on: the way to a server. */
public class BaseClient {
    private static final String VERSION = "0.1.0";

    /** RFC 9110 §5.6.7. Java's own formatter leaves out the leading zero of a day. */
    private static final DateTimeFormatter HTTP_DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);

    protected final ManagementClientOptions options;
    private final String origin;
    private ManagementToken token;

    /** Opens nothing yet: the first call does. */
    public BaseClient(ManagementClientOptions options) {
        if (options.getAccessKeyId() == null || options.getAccessKeySecret() == null) {
            throw new IllegalArgumentException("accessKeyId and accessKeySecret are required");
        }
        this.options = options;
        this.origin = options.getHost().replaceAll("/+$", "");
    }

    public static <T> T deserialize(String text, Class<T> type) {
        return JsonUtils.deserialize(text, type);
    }

    public static String serialize(Object value) {
        return JsonUtils.serialize(value);
    }

    /** Calls an operation that has no method here, and answers JSON. Only GET is repeated after a failure of the network. */
    public String request(String method, String path, Map<String, ?> fields) {
        Repeating repeating = method.equals("GET") ? Repeating.ALLOWED : Repeating.FORBIDDEN;
        return call(new Call(method, path, fields, repeating));
    }

    <T> T call(String method, String path, Object input, Repeating repeating, Class<T> answer) {
        return JsonUtils.deserialize(call(new Call(method, path, input, repeating)), answer);
    }

    static GenAuthException failureIn(JsonNode answer) {
        JsonNode apiCode = answer.path("apiCode");
        return new GenAuthException(
                answer.path("statusCode").asInt(500),
                apiCode.isInt() ? apiCode.intValue() : null,
                answer.path("message").asText(),
                answer.path("requestId").textValue());
    }

    private String call(Call call) {
        if (options.isSignRequests()) {
            return checked(send(call, null));
        }
        ManagementToken known = knownToken();
        ManagementToken used = known == null ? buyToken(null) : known;
        String answer = send(call, used);
        // A token that used to be good may no longer be, as after the key's tokens were revoked.
        if (known != null && statusOf(answer) == 401) {
            answer = send(call, buyToken(known));
        }
        return checked(answer);
    }

    private String checked(String answer) {
        if (options.isThrowOnError() && statusOf(answer) != 200) {
            throw failureIn(JsonUtils.deserialize(answer, JsonNode.class));
        }
        return answer;
    }

    /** Every envelope begins with its code, so that a long list need not be read twice. */
    private static int statusOf(String answer) {
        String beginning = "{\"statusCode\":";
        if (answer.startsWith(beginning)) {
            int end = answer.indexOf(',');
            String digits = end == -1 ? "" : answer.substring(beginning.length(), end).trim();
            if (digits.matches("[0-9]{3}")) {
                return Integer.parseInt(digits);
            }
        }
        return JsonUtils.deserialize(answer, JsonNode.class).path("statusCode").asInt();
    }

    private synchronized ManagementToken knownToken() {
        return token != null && token.isGood() ? token : null;
    }

    private synchronized ManagementToken buyToken(ManagementToken refused) {
        // Another thread may have bought one while this one waited.
        if (token == null || token == refused || !token.isGood()) {
            Call call = ManagementToken.call(options.getAccessKeyId(), options.getAccessKeySecret());
            token = ManagementToken.read(send(call, null));
        }
        return token;
    }

    private String send(Call call, ManagementToken token) {
        Retries retries = new Retries(options.getRetries(), call.repeating);
        while (true) {
            long pause;
            try {
                String url = origin + call.target();
                Response response =
                        Transport.send(call.method, url, headers(call, token), call.content(), options.getTimeout());
                pause = retries.pauseAfter(response);
                if (pause == Retries.NONE) {
                    return requireAnswer(response);
                }
            } catch (IOException failure) {
                pause = retries.pauseAfter(failure);
                if (pause == Retries.NONE) {
                    throw new GenAuthException(call.method + " " + call.path + ": " + failure, failure);
                }
            }
            sleep(pause);
        }
    }

    private Map<String, String> headers(Call call, ManagementToken token) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("accept", "application/json");
        headers.put("content-type", "application/json");
        headers.put("user-agent", "genauth-java/" + VERSION + " java/" + System.getProperty("java.version"));
        headers.put("x-genauth-sdk-version", "genauth-java:" + VERSION);
        if (options.getLang() != null) {
            headers.put("x-genauth-lang", options.getLang().getValue());
        }
        if (options.getTenantId() != null) {
            headers.put("x-genauth-tenant-id", options.getTenantId());
        }
        if (options.getHeaders() != null) {
            options.getHeaders().forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value));
        }
        if (token != null) {
            headers.put("authorization", "Bearer " + token.value);
            if (token.userPoolId != null) {
                headers.put("x-genauth-userpool-id", token.userPoolId);
            }
        } else if (options.isSignRequests()) {
            headers.put("date", HTTP_DATE.format(ZonedDateTime.now(ZoneOffset.UTC)));
            headers.put("x-genauth-signature-nonce", UUID.randomUUID().toString().replace("-", ""));
            headers.put("x-genauth-signature-method", "HMAC-SHA1");
            headers.put("x-genauth-signature-version", "1.0");
            headers.put(
                    "authorization",
                    Signature.authorization(options.getAccessKeyId(), options.getAccessKeySecret(), call, headers));
        }
        return headers;
    }

    /** What a proxy says in place of an answer is an error. */
    private static String requireAnswer(Response response) {
        if (!response.text.startsWith("{")) {
            String excerpt = response.text.substring(0, Math.min(200, response.text.length()));
            throw new GenAuthException(response.status, null, "not an answer of GenAuth: " + excerpt, null);
        }
        return response.text;
    }

    private static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new GenAuthException("interrupted", interrupted);
        }
    }
}
