package ai.genauth.sdk.java.client;

/** What came back. */
final class Response {
    final int status;
    final String text;
    /** Seconds to wait, as the server asked; 0 when it did not. */
    final long retryAfter;

    Response(int status, String text, long retryAfter) {
        this.status = status;
        this.text = text;
        this.retryAfter = retryAfter;
    }
}
