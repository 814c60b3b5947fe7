package example;

import java.net.URI;
import java.net.URL;
import java.time.Duration;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** Stores photos. */
public final class Uploads {
    private static final S3Configuration PATHS = S3Configuration.builder().pathStyleAccessEnabled(true).build();

    private Uploads() {}

    /** Stores a photo, and returns a URL that shows it for an hour. */
    public static URL store(String bucket, String name, byte[] photo) {
        try (var s3 = S3Client.builder().serviceConfiguration(PATHS).build()) {
            s3.putObject(put -> put.bucket(bucket).key(name).contentType("image/jpeg"), RequestBody.fromBytes(photo));
        }
        var presigner = S3Presigner.builder().serviceConfiguration(PATHS);
        var endpoint = System.getenv("AWS_ENDPOINT_URL_S3");  // the presigner does not read it by itself
        if (endpoint != null) {
            presigner.endpointOverride(URI.create(endpoint));
        }
        try (var signing = presigner.build()) {
            return signing.presignGetObject(
                    presign -> presign.signatureDuration(Duration.ofHours(1)).getObjectRequest(
                            get -> get.bucket(bucket).key(name)))
                    .url();
        }
    }
}
