package ai.genauth.sdk.java.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The access key signature, HMAC-SHA1 over method, headers and parameters.
 *
 * <p>Nothing in the signed text is escaped: it is made of what the server will read, not of what is on the wire. The
 * server prints values as JavaScript does, so numbers and the order of keys follow that language here.
 */
final class Signature {
    static final String FAMILY = "x-genauth-";

    private static final long LARGEST_EXACT_INTEGER = (1L << 53) - 1;
    private static final long LARGEST_ARRAY_INDEX = (1L << 32) - 2;

    private Signature() {}

    /** The value of the authorization header. */
    static String authorization(String accessKeyId, String accessKeySecret, Call call, Map<String, String> headers) {
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(accessKeySecret.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
            byte[] digest = mac.doFinal(textToSign(call, headers).getBytes(StandardCharsets.UTF_8));
            return "GenAuth " + accessKeyId + ":" + Base64.getEncoder().encodeToString(digest);
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException("this Java has no HMAC-SHA1", failure);
        }
    }

    /** Method, signed headers and resource, a line each. */
    static String textToSign(Call call, Map<String, String> headers) {
        StringBuilder text = new StringBuilder(call.method).append('\n');
        for (Map.Entry<String, String> header : new TreeMap<>(headers).entrySet()) {
            if (header.getKey().equals("date") || header.getKey().startsWith(FAMILY)) {
                text.append(header.getKey()).append(':').append(header.getValue().trim()).append('\n');
            }
        }
        ObjectNode parameters = call.body == null ? call.query : call.body;
        text.append(call.path);
        char separator = '?';
        // A String compares by UTF-16 code unit, which is how the server sorts.
        TreeSet<String> names = new TreeSet<>();
        parameters.fieldNames().forEachRemaining(names::add);
        for (String name : names) {
            JsonNode value = parameters.get(name);
            text.append(separator).append(name).append('=');
            if (value.isTextual()) {
                text.append(value.textValue());
            } else {
                appendJson(text, value);
            }
            separator = '&';
        }
        return text.toString();
    }

    /** ECMA-262 §6.1.6.1.20: the digits of Java in the notation of JavaScript. */
    static String numberText(JsonNode number) {
        if (number.isIntegralNumber() && number.canConvertToLong() && Math.abs(number.longValue()) <= LARGEST_EXACT_INTEGER) {
            return Long.toString(number.longValue());
        }
        double value = number.doubleValue();
        if (value == 0) {
            return "0";
        }
        BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        if (Math.abs(value) >= 1e-6 && Math.abs(value) < 1e21) {
            return digits.toPlainString();
        }
        String mantissa = digits.unscaledValue().abs().toString();
        int exponent = mantissa.length() - 1 - digits.scale();
        String fraction = mantissa.length() == 1 ? "" : "." + mantissa.substring(1);
        String sign = value < 0 ? "-" : "";
        return sign + mantissa.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+") + Math.abs(exponent);
    }

    /** What JSON.stringify prints. */
    private static void appendJson(StringBuilder text, JsonNode value) {
        if (value.isObject()) {
            text.append('{');
            String separator = "";
            for (String key : inKeyOrder(value)) {
                text.append(separator);
                appendQuoted(text, key);
                text.append(':');
                appendJson(text, value.get(key));
                separator = ",";
            }
            text.append('}');
        } else if (value.isArray()) {
            text.append('[');
            String separator = "";
            for (JsonNode one : value) {
                text.append(separator);
                appendJson(text, one);
                separator = ",";
            }
            text.append(']');
        } else if (value.isTextual()) {
            appendQuoted(text, value.textValue());
        } else {
            text.append(value.isNumber() ? numberText(value) : value.asText());
        }
    }

    /** ECMA-262 §10.1.11.1: keys that are array indexes come first, ascending; the others as they were added. */
    private static List<String> inKeyOrder(JsonNode object) {
        TreeMap<Long, String> indexes = new TreeMap<>();
        List<String> others = new ArrayList<>();
        for (Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (name.matches("0|[1-9][0-9]{0,9}") && Long.parseLong(name) <= LARGEST_ARRAY_INDEX) {
                indexes.put(Long.parseLong(name), name);
            } else {
                others.add(name);
            }
        }
        List<String> ordered = new ArrayList<>(indexes.values());
        ordered.addAll(others);
        return ordered;
    }

    private static void appendQuoted(StringBuilder text, String value) {
        text.append('"');
        for (int index = 0; index < value.length(); index++) {
            char character = value.charAt(index);
            int known = "\"\\\b\f\n\r\t".indexOf(character);
            if (known != -1) {
                text.append('\\').append("\"\\bfnrt".charAt(known));
            } else if (character < ' ') {
                text.append(String.format("\\u%04x", (int) character));
            } else {
                text.append(character);
            }
        }
        text.append('"');
    }
}
