package ai.genauth.sdk.java.model;

import ai.genauth.sdk.java.enums.LanguageEnum;
import java.util.Map;

/** Where a client finds its server, who it is there, and how patient it is. */
public class ManagementClientOptions {
    private String accessKeyId;
    private String accessKeySecret;
    private String host = "https://api.genauth.ai";
    private String tenantId;
    private LanguageEnum lang;
    private int timeout = 10_000;
    private Map<String, String> headers;
    private String websocketHost = "wss://openevent.genauth.ai";
    private String websocketEndpoint = "/events/v1/management/sub";
    private boolean signRequests;
    private boolean throwOnError;
    private int retries = 2;

    public String getAccessKeyId() {
        return accessKeyId;
    }

    /** Id of an access key, or of the user pool. */
    public void setAccessKeyId(String accessKeyId) {
        this.accessKeyId = accessKeyId;
    }

    public String getAccessKeySecret() {
        return accessKeySecret;
    }

    public void setAccessKeySecret(String accessKeySecret) {
        this.accessKeySecret = accessKeySecret;
    }

    public String getHost() {
        return host;
    }

    /** Origin of the server, {@code https://api.genauth.ai} unless set. */
    public void setHost(String host) {
        this.host = host;
    }

    public String getTenantId() {
        return tenantId;
    }

    /** Tenant that the calls are about, sent as a header. */
    public void setTenantId(String tenantId) {
        this.tenantId = tenantId;
    }

    public LanguageEnum getLang() {
        return lang;
    }

    /** Language of messages; the server's choice unless set. */
    public void setLang(LanguageEnum lang) {
        this.lang = lang;
    }

    public int getTimeout() {
        return timeout;
    }

    /** Milliseconds to wait for a connection, and for each part of an answer; 10,000 unless set. */
    public void setTimeout(int timeout) {
        this.timeout = timeout;
    }

    public Map<String, String> getHeaders() {
        return headers;
    }

    /** Headers for every request, beside those of the client. */
    public void setHeaders(Map<String, String> headers) {
        this.headers = headers;
    }

    public String getWebsocketHost() {
        return websocketHost;
    }

    /** Where events are subscribed to. */
    public void setWebsocketHost(String websocketHost) {
        this.websocketHost = websocketHost;
    }

    public String getWebsocketEndpoint() {
        return websocketEndpoint;
    }

    public void setWebsocketEndpoint(String websocketEndpoint) {
        this.websocketEndpoint = websocketEndpoint;
    }

    public boolean isSignRequests() {
        return signRequests;
    }

    /** Sign each request with the access key instead of buying a token with it. */
    public void setSignRequests(boolean signRequests) {
        this.signRequests = signRequests;
    }

    public boolean isThrowOnError() {
        return throwOnError;
    }

    /** Throw a GenAuthException for answers whose {@code statusCode} is not 200 instead of returning them. */
    public void setThrowOnError(boolean throwOnError) {
        this.throwOnError = throwOnError;
    }

    public int getRetries() {
        return retries;
    }

    /** How often a call is repeated after 429 or a failure of the network; 2 unless set. */
    public void setRetries(int retries) {
        this.retries = retries;
    }
}
