package ai.genauth.sdk.java.client;

import ai.genauth.sdk.java.util.JsonUtils;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UnsupportedEncodingException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** One call as it goes over the wire, before a credential is added. */
final class Call {
    final String method;
    /** With its variables filled in, without the query. */
    final String path;
    /** What a GET asks with, every value as text; null for anything else. */
    final ObjectNode query;
    /** What is posted; null for a GET. */
    final ObjectNode body;
    final Repeating repeating;

    Call(String method, String path, Object input, Repeating repeating) {
        ObjectNode fields = fieldsOf(input);
        this.method = method;
        this.path = fillIn(path, fields);
        this.query = method.equals("GET") ? (ObjectNode) asText(fields) : null;
        this.body = method.equals("GET") ? null : fields;
        this.repeating = repeating;
    }

    /** Path and query string. */
    String target() {
        List<String> pairs = new ArrayList<>();
        if (query != null) {
            for (Iterator<Map.Entry<String, JsonNode>> all = query.fields(); all.hasNext(); ) {
                Map.Entry<String, JsonNode> one = all.next();
                addPairs(pairs, one.getKey(), one.getValue());
            }
        }
        return pairs.isEmpty() ? path : path + "?" + String.join("&", pairs);
    }

    byte[] content() {
        return body == null ? null : JsonUtils.serialize(body).getBytes(StandardCharsets.UTF_8);
    }

    private static ObjectNode fieldsOf(Object input) {
        JsonNode tree = input == null ? null : JsonUtils.toTree(input);
        if (tree != null && !tree.isObject()) {
            throw new IllegalArgumentException("the input of a call is an object");
        }
        ObjectNode fields = JsonNodeFactory.instance.objectNode();
        if (tree != null) {
            for (Iterator<Map.Entry<String, JsonNode>> all = tree.fields(); all.hasNext(); ) {
                Map.Entry<String, JsonNode> one = all.next();
                if (!one.getValue().isNull()) {
                    fields.set(one.getKey(), one.getValue());
                }
            }
        }
        return fields;
    }

    private static String fillIn(String template, ObjectNode fields) {
        if (template.indexOf('{') == -1) {
            return template;
        }
        String path = template;
        List<String> used = new ArrayList<>();
        for (Iterator<String> names = fields.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            String variable = "{" + name + "}";
            if (path.contains(variable)) {
                path = path.replace(variable, encode(fields.get(name).asText()).replace("+", "%20"));
                used.add(name);
            }
        }
        fields.remove(used);
        return path;
    }

    /** What a server reads from a query: texts, and lists and objects of texts. */
    private static JsonNode asText(JsonNode value) {
        if (value.isArray()) {
            ArrayNode texts = JsonNodeFactory.instance.arrayNode();
            for (JsonNode one : value) {
                texts.add(asText(one));
            }
            return texts;
        }
        if (value.isObject()) {
            ObjectNode texts = JsonNodeFactory.instance.objectNode();
            for (Iterator<Map.Entry<String, JsonNode>> all = value.fields(); all.hasNext(); ) {
                Map.Entry<String, JsonNode> one = all.next();
                JsonNode text = asText(one.getValue());
                // An empty list or object is nothing at all on the wire.
                if (text.isTextual() || text.size() > 0) {
                    texts.set(one.getKey(), text);
                }
            }
            return texts;
        }
        return JsonNodeFactory.instance.textNode(value.isNumber() ? Signature.numberText(value) : value.asText());
    }

    /** With brackets a list of one stays a list. */
    private static void addPairs(List<String> pairs, String name, JsonNode value) {
        if (value.isArray()) {
            for (JsonNode one : value) {
                addPairs(pairs, name + "[]", one);
            }
        } else if (value.isObject()) {
            for (Iterator<Map.Entry<String, JsonNode>> all = value.fields(); all.hasNext(); ) {
                Map.Entry<String, JsonNode> one = all.next();
                addPairs(pairs, name + "[" + one.getKey() + "]", one.getValue());
            }
        } else {
            pairs.add(encode(name) + "=" + encode(value.asText()));
        }
    }

    private static String encode(String text) {
        try {
            return URLEncoder.encode(text, "UTF-8");
        } catch (UnsupportedEncodingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
