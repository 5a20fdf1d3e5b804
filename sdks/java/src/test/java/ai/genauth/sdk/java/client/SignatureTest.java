package ai.genauth.sdk.java.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SignatureTest {
    @Test
    void signsAsThePublishedClientDoes() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("organizationCode", "acme");
        fields.put("departmentId", "64f0c2a1b3d4e5f607182940");
        fields.put("userIds", Arrays.asList("64f0c2a1b3d4e5f607182951", "64f0c2a1b3d4e5f607182952"));
        fields.put("departmentIdType", "department_id");
        fields.put("tenantId", null);
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("accept", "application/json");
        headers.put("x-genauth-lang", "en-US");
        headers.put("x-genauth-sdk-version", "gen-auth-node-sdk:1.0.0");
        headers.put("x-genauth-signature-method", "HMAC-SHA1");
        headers.put("x-genauth-signature-nonce", "5d41402abc4b2a76b9719d911017c592");
        headers.put("x-genauth-signature-version", "1.0");
        headers.put("date", "Tue, 03 Mar 2026 08:15:30 GMT");
        Call call = new Call("POST", "/api/v3/remove-department-members", fields, Repeating.ALLOWED);
        assertEquals(
                "GenAuth 64f0c2a1b3d4e5f60718293a:BlLeqvgbW2JoOyk0XWc6oWHANLQ=",
                Signature.authorization(
                        "64f0c2a1b3d4e5f60718293a", "not-a-real-secret-0f1e2d3c4b5a6978", call, headers));
    }

    @Test
    void signsWhatTheServerReadsFromAQuery() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("b", Arrays.asList("x", 1, true));
        fields.put("a", "ü &=?");
        fields.put("none", null);
        fields.put("empty", new ArrayList<String>());
        fields.put("on", false);
        fields.put("at", 2.0);
        Call call = new Call("GET", "/api/v3/list", fields, Repeating.ALLOWED);
        assertEquals(
                "GET\n/api/v3/list?a=ü &=?&at=2&b=[\"x\",\"1\",\"true\"]&on=false",
                Signature.textToSign(call, Collections.<String, String>emptyMap()));
        assertEquals(
                "/api/v3/list?b%5B%5D=x&b%5B%5D=1&b%5B%5D=true&a=%C3%BC+%26%3D%3F&on=false&at=2", call.target());
    }

    @Test
    void printsValuesAsTheServerDoes() {
        assertPrinted("1", 1.0);
        assertPrinted("0", -0.0);
        assertPrinted("0.1", 0.1);
        assertPrinted("1e-7", 1e-7);
        assertPrinted("0.00001", 0.00001);
        assertPrinted("1.5e+300", 1.5e300);
        assertPrinted("1e+21", 1e21);
        assertPrinted("1700000000000", 1700000000000L);
        assertPrinted("9007199254740992", 9007199254740993L);
        assertPrinted("true", true);
        assertPrinted("[1,\"é\\n\\u001f\",null]", Arrays.asList(1, "é\n\u001f", null));
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("b", 1);
        object.put("2", 2.0);
        object.put("10", Collections.emptyMap());
        object.put("01", "x");
        assertPrinted("{\"2\":2,\"10\":{},\"b\":1,\"01\":\"x\"}", object);
    }

    @Test
    void putsPathVariablesIntoThePath() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", "a/b c");
        fields.put("reason", "x");
        Call call = new Call("DELETE", "/api/v3/ip-list/{id}", fields, Repeating.FORBIDDEN);
        assertEquals("/api/v3/ip-list/a%2Fb%20c", call.target());
        assertEquals("{\"reason\":\"x\"}", call.body.toString());
    }

    private static void assertPrinted(String text, Object value) {
        Call call = new Call("POST", "/", Collections.singletonMap("v", value), Repeating.FORBIDDEN);
        assertEquals("POST\n/?v=" + text, Signature.textToSign(call, Collections.<String, String>emptyMap()));
    }
}
