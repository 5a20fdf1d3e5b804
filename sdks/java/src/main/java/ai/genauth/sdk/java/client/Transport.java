package ai.genauth.sdk.java.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** One HTTP request and its response. Java keeps connections alive by itself, if bodies are read to their end. */
final class Transport {
    private Transport() {}

    static Response send(String method, String url, Map<String, String> headers, byte[] content, int timeout)
            throws IOException {
        HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
        connection.setRequestMethod(method);
        connection.setConnectTimeout(timeout);
        connection.setReadTimeout(timeout);
        connection.setInstanceFollowRedirects(false);
        connection.setUseCaches(false);
        headers.forEach(connection::setRequestProperty);
        if (content != null) {
            connection.setDoOutput(true);
            // Also keeps Java from sending a POST twice in silence when a kept connection turns out to be closed.
            connection.setFixedLengthStreamingMode(content.length);
            try (OutputStream output = connection.getOutputStream()) {
                output.write(content);
            }
        }
        int status = connection.getResponseCode();
        try (InputStream input = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return new Response(status, read(input), seconds(connection.getHeaderField("retry-after")));
        }
    }

    private static String read(InputStream input) throws IOException {
        if (input == null) {
            return "";
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        for (int count = input.read(buffer); count != -1; count = input.read(buffer)) {
            bytes.write(buffer, 0, count);
        }
        return new String(bytes.toByteArray(), StandardCharsets.UTF_8);
    }

    private static long seconds(String retryAfter) {
        return retryAfter != null && retryAfter.matches("[0-9]{1,6}") ? Long.parseLong(retryAfter) : 0;
    }
}
