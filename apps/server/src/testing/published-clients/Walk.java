import cn.authing.sdk.java.client.ManagementClient;
import cn.authing.sdk.java.model.ManagementClientOptions;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Method;

/** Calls methods of the published Java client: reads {host, accessKeyId, accessKeySecret, calls} and answers the results. */
public class Walk {
    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        json.configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
        JsonNode work = json.readTree(System.in);
        ManagementClientOptions options = new ManagementClientOptions();
        options.setAccessKeyId(work.get("accessKeyId").asText());
        options.setAccessKeySecret(work.get("accessKeySecret").asText());
        options.setHost(work.get("host").asText());
        ManagementClient client = new ManagementClient(options);
        ArrayNode answers = json.createArrayNode();
        ObjectNode made = json.createObjectNode();
        for (JsonNode call : work.get("calls")) {
            Method method = methodOf(call.get("method").asText());
            JsonNode given = withMade(call.get("input"), made, json);
            JsonNode answer = json.valueToTree(
                method.getParameterCount() == 0
                    ? method.invoke(client)
                    : method.invoke(client, json.treeToValue(given, method.getParameterTypes()[0])));
            answers.add(answer);
            if (call.has("as")) {
                made.set(call.get("as").asText(), answer.path("data"));
            }
        }
        System.out.println("answers " + json.writeValueAsString(answers));
    }

    /** The same, with {@code <<name.field.0>>} replaced by what an earlier call answered. */
    private static JsonNode withMade(JsonNode value, JsonNode made, ObjectMapper json) {
        if (value.isTextual()) {
            String text = value.asText();
            boolean isPlace = text.startsWith("<<") && text.endsWith(">>");
            return isPlace ? made.at("/" + text.substring(2, text.length() - 2).replace('.', '/')) : value;
        }
        if (value.isArray()) {
            ArrayNode list = json.createArrayNode();
            value.forEach((one) -> list.add(withMade(one, made, json)));
            return list;
        }
        if (value.isObject()) {
            ObjectNode object = json.createObjectNode();
            value.fields().forEachRemaining((one) -> object.set(one.getKey(), withMade(one.getValue(), made, json)));
            return object;
        }
        return value;
    }

    private static Method methodOf(String name) {
        for (Method method : ManagementClient.class.getMethods()) {
            if (method.getName().equals(name) && method.getParameterCount() <= 1) {
                return method;
            }
        }
        throw new IllegalArgumentException("the published client has no " + name);
    }
}
