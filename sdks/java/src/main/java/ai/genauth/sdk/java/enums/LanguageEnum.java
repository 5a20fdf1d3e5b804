package ai.genauth.sdk.java.enums;

/** Language of messages. */
public enum LanguageEnum {
    CHINESE("zh-CN"),
    ENGLISH("en-US");

    private final String value;

    LanguageEnum(String value) {
        this.value = value;
    }

    public String getValue() {
        return value;
    }
}
