package ai.genauth.sdk.java.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The retries of one call.
 *
 * <p>A call that the server refused unread (429) or that never reached it is sent again whatever it does. When it is not
 * known what became of it, only a call that leaves the same when sent twice is.
 */
final class Retries {
    static final long NONE = -1;

    private static final long LONGEST_PAUSE_MILLISECONDS = 10_000;

    private final Repeating repeating;
    private int left;
    private long pause = 200;

    Retries(int allowed, Repeating repeating) {
        this.left = allowed;
        this.repeating = repeating;
    }

    /** Milliseconds to wait before the next attempt, or NONE. */
    long pauseAfter(IOException failure) {
        boolean neverArrived =
                failure instanceof ConnectException
                        || failure instanceof NoRouteToHostException
                        || failure instanceof UnknownHostException;
        return neverArrived || repeating == Repeating.ALLOWED ? nextPause(0) : NONE;
    }

    /** The same for a response; NONE also when it needs no further attempt. */
    long pauseAfter(Response response) {
        boolean isDown = response.status >= 502 && response.status <= 504;
        if (response.status == 429 || (isDown && repeating == Repeating.ALLOWED)) {
            return nextPause(response.retryAfter * 1000);
        }
        return NONE;
    }

    private long nextPause(long atLeast) {
        if (left == 0 || atLeast > LONGEST_PAUSE_MILLISECONDS) {
            return NONE;
        }
        left--;
        // Half of it at random: clients that failed together should not come back together.
        long chosen = ThreadLocalRandom.current().nextLong(pause / 2, pause + 1);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS);
        return Math.max(atLeast, chosen);
    }
}
