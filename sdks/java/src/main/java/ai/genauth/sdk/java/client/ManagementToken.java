package ai.genauth.sdk.java.client;

import ai.genauth.sdk.java.GenAuthException;
import ai.genauth.sdk.java.util.JsonUtils;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/** A token bought with an access key. */
final class ManagementToken {
    private static final long RENEW_SECONDS_EARLY = 60;

    final String value;
    /** The pool the token is for; null when the token does not say. */
    final String userPoolId;
    /** By System.nanoTime: a clock that is set must not revive a token. */
    private final long goodUntil;

    private ManagementToken(String value, long lifeTimeSeconds) {
        long early = Math.min(RENEW_SECONDS_EARLY, lifeTimeSeconds / 10);
        this.value = value;
        this.userPoolId = userPoolOf(value);
        this.goodUntil = System.nanoTime() + (lifeTimeSeconds - early) * 1_000_000_000L;
    }

    boolean isGood() {
        return System.nanoTime() - goodUntil < 0;
    }

    /** The call that buys a token. */
    static Call call(String accessKeyId, String accessKeySecret) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("accessKeyId", accessKeyId);
        fields.put("accessKeySecret", accessKeySecret);
        return new Call("POST", "/api/v3/get-management-token", fields, Repeating.ALLOWED);
    }

    /** The token in the answer to that call. */
    static ManagementToken read(String text) {
        JsonNode answer = JsonUtils.deserialize(text, JsonNode.class);
        if (answer.path("statusCode").asInt() != 200) {
            throw BaseClient.failureIn(answer);
        }
        JsonNode data = answer.path("data");
        if (!data.path("access_token").isTextual()) {
            throw new GenAuthException(500, null, "the answer holds no access token", answer.path("requestId").asText());
        }
        return new ManagementToken(data.get("access_token").textValue(), data.path("expires_in").asLong());
    }

    /** Unchecked: the server knows the pool, the header only has to agree with it. */
    private static String userPoolOf(String token) {
        try {
            String payload = token.split("\\.")[1];
            String claims = new String(Base64.getUrlDecoder().decode(payload), StandardCharsets.UTF_8);
            return JsonUtils.deserialize(claims, JsonNode.class).path("scoped_userpool_id").textValue();
        } catch (ArrayIndexOutOfBoundsException | IllegalArgumentException unreadable) {
            return null;
        }
    }
}
