package ai.genauth.sdk.java.client;

/** Whether a call may be sent again when nobody knows what became of it. */
enum Repeating {
    ALLOWED,
    FORBIDDEN
}
