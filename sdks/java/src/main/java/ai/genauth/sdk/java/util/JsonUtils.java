package ai.genauth.sdk.java.util;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import java.io.IOException;

/** JSON as this client reads and writes it. */
public final class JsonUtils {
    /** What a newer server adds, fields and values of enumerations alike, must not break an older client. */
    private static final ObjectMapper MAPPER =
            new ObjectMapper()
                    .setSerializationInclusion(JsonInclude.Include.NON_NULL)
                    .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
                    .configure(DeserializationFeature.READ_UNKNOWN_ENUM_VALUES_AS_NULL, true)
                    .configure(SerializationFeature.FAIL_ON_EMPTY_BEANS, false);

    private static final ObjectMapper MASKING = MAPPER.copy().setAnnotationIntrospector(new SecretsAsStars());

    private JsonUtils() {}

    public static String serialize(Object value) {
        return write(MAPPER, value);
    }

    /** The value as JSON for people: what is marked as a secret is masked. */
    public static String describe(Object value) {
        return write(MASKING, value);
    }

    public static <T> T deserialize(String text, Class<T> type) {
        try {
            return MAPPER.readValue(text, type);
        } catch (JsonProcessingException failure) {
            throw new IllegalArgumentException("not a " + type.getSimpleName() + ": " + excerpt(text), failure);
        }
    }

    /** The value as a tree, without what is null. */
    public static JsonNode toTree(Object value) {
        return MAPPER.valueToTree(value);
    }

    private static String write(ObjectMapper mapper, Object value) {
        try {
            return mapper.writeValueAsString(value);
        } catch (JsonProcessingException failure) {
            throw new IllegalArgumentException("cannot be written as JSON: " + value.getClass(), failure);
        }
    }

    private static String excerpt(String text) {
        return text.length() <= 200 ? text : text.substring(0, 200) + "…";
    }

    private static final class SecretsAsStars extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1L;

        @Override
        public Object findSerializer(Annotated annotated) {
            return annotated.hasAnnotation(Secret.class) ? Stars.class : super.findSerializer(annotated);
        }
    }

    private static final class Stars extends JsonSerializer<Object> {
        @Override
        public void serialize(Object value, JsonGenerator generator, SerializerProvider provider) throws IOException {
            generator.writeString("***");
        }
    }
}
