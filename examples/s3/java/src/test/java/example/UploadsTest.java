package example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;

class UploadsTest {
    @Test
    void theUrlShowsThePhoto() throws Exception {
        var response = get(Uploads.store("photos", "cat.jpg", "a cat".getBytes()).toString());
        assertEquals("a cat", response.body());
        assertEquals("image/jpeg", response.headers().firstValue("content-type").orElse(""));
    }

    @Test
    void theUrlShowsNoOtherPhoto() throws Exception {
        var url = Uploads.store("photos", "cat.jpg", "a cat".getBytes()).toString();
        Uploads.store("photos", "dog.jpg", "a dog".getBytes());
        assertEquals(403, get(url.replace("cat.jpg", "dog.jpg")).statusCode());
    }

    private static HttpResponse<String> get(String url) throws Exception {
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString());
    }
}
