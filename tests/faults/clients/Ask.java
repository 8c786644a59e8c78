import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Asks as Java's own client does, which offers HTTP/2: `java Ask.java URL BODY`. */
class Ask {
    public static void main(String[] arguments) throws Exception {
        URI uri = URI.create(arguments[0]);
        byte[] body = arguments[1].getBytes("UTF-8");
        HttpClient client = HttpClient.newHttpClient();
        for (int round = 0; round < 3; round++) {
            ask(client, uri, HttpRequest.BodyPublishers.ofByteArray(body)); // its length is known
            ask(client, uri, HttpRequest.BodyPublishers.ofInputStream(() -> new Late(body))); // chunked
        }
    }

    static void ask(HttpClient client, URI uri, HttpRequest.BodyPublisher body) throws Exception {
        HttpRequest request =
            HttpRequest.newBuilder(uri).header("Content-Type", "application/json").POST(body).build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(response.statusCode() + " " + response.body());
    }

    /** A body whose second half comes later, and so in another packet. */
    static class Late extends InputStream {
        private final byte[] content;
        private int next;

        Late(byte[] content) {
            this.content = content;
        }

        @Override
        public int read() {
            return next < content.length ? content[next++] & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (next == content.length) {
                return -1;
            }
            if (next > 0) {
                try {
                    Thread.sleep(50);
                } catch (InterruptedException exception) {
                    throw new IOException(exception);
                }
            }
            int count = Math.min(length, next == 0 ? content.length / 2 : content.length - next);
            System.arraycopy(content, next, target, offset, count);
            next += count;
            return count;
        }
    }
}
