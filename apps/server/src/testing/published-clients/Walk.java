import cn.authing.sdk.java.client.ManagementClient;
import cn.authing.sdk.java.model.ManagementClientOptions;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
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
        for (JsonNode call : work.get("calls")) {
            Method method = methodOf(call.get("method").asText());
            Object input = json.treeToValue(call.get("input"), method.getParameterTypes()[0]);
            answers.add(json.valueToTree(method.invoke(client, input)));
        }
        System.out.println("answers " + json.writeValueAsString(answers));
    }

    private static Method methodOf(String name) {
        for (Method method : ManagementClient.class.getMethods()) {
            if (method.getName().equals(name) && method.getParameterCount() == 1) {
                return method;
            }
        }
        throw new IllegalArgumentException("the published client has no " + name);
    }
}
