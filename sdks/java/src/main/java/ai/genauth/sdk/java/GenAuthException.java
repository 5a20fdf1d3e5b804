package ai.genauth.sdk.java;

/**
 * A call that got no answer, or, with {@code setThrowOnError(true)}, an answer whose {@code statusCode} is not 200.
 *
 * <p>Also thrown when no management token could be had.
 */
public class GenAuthException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int statusCode;
    private final Integer apiCode;
    private final String requestId;

    public GenAuthException(int statusCode, Integer apiCode, String message, String requestId) {
        super(message);
        this.statusCode = statusCode;
        this.apiCode = apiCode;
        this.requestId = requestId;
    }

    /** A failure of the network. */
    public GenAuthException(String message, Throwable cause) {
        super(message, cause);
        this.statusCode = 0;
        this.apiCode = null;
        this.requestId = null;
    }

    /** The code of the answer; 0 when there was none. */
    public int getStatusCode() {
        return statusCode;
    }

    /** The finer code, on some failures. */
    public Integer getApiCode() {
        return apiCode;
    }

    /** For support; null when there was no answer. */
    public String getRequestId() {
        return requestId;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(super.toString()).append(" (statusCode ").append(statusCode);
        if (apiCode != null) {
            text.append(", apiCode ").append(apiCode);
        }
        if (requestId != null) {
            text.append(", requestId ").append(requestId);
        }
        return text.append(')').toString();
    }
}
