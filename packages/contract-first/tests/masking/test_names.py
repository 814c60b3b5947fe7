"""Which names are those of secrets: their last words decide, in any style."""

import pytest

from contract_first.masking.names import is_secret_name

SECRETS = """
    password Password passwd pwd passphrase pass_phrase passcode pass_word userPassword newPassword
    password2 password_confirmation passwordConfirmation passwordHash password_digest DB_PASSWORD dbpassword
    db_pass smtpPass PASSWORD user[password] user.password secret client_secret clientSecret client-secret
    CLIENT_SECRET clientsecret app_secret appSecret secretKey secret_key secret_key_base SECRET_KEY_BASE
    webhookSecret webhook_signing_secret sharedSecret aws_secret_access_key SecretAccessKey secretAccessKey
    token access_token accessToken access-token AccessToken accesstoken refreshToken refresh_token idToken
    authToken auth_token authtoken bearerToken sessionToken csrfToken csrf_token csrfmiddlewaretoken
    xsrf-token apiToken api_token resetToken inviteToken deviceToken personalAccessToken
    personal_access_token tokenValue jwt jwtToken id_token_hint_token api_key apiKey apikey APIKey api-key
    APIKEY API_KEY apiKeys x-api-key private_key privateKey privatekey privateKeyPem rsa_private_key
    encryptionKey encryption_key signing_key signingKey masterKey accessKey access_key account_key
    accountKey subscriptionKey subscription-key licenseKey sshPrivateKey ssh_key hmacKey hmac signature
    X-Amz-Signature sig SignatureProvided credential credentials client_credentials auth authorization
    Authorization cookie otp otpCode totp totp_secret pin pinCode pin_code userPin cvv CVV2 cvc cvc2
    securityCode security_code cardNumber card_number cardnumber creditCardNumber credit_card_number
    ccNumber creditCard ssn socialSecurityNumber verificationCode mfaCode mfa_code recoveryCodes
    backup_codes authCode activationCode codeVerifier code_verifier seedPhrase mnemonic recovery_phrase
    connectionString connection_string sid sessionid JSESSIONID PHPSESSID client_assertion securityAnswer
    secret_answer passKey oneTimeCode two_factor_code SAMLResponse accesstokens sas_token
""".split()  # noqa: SIM905 -- a table
READABLE = """
    tokenCount token_count passwordPolicy password_policy author authors authored authority authorId
    nextPageToken next_page_token nextToken pageToken page_token continuationToken NextContinuationToken
    syncToken nextpagetoken cursor token_type tokenType tokenUrl tokenEndpoint token_expires_at tokenExpiry
    expires_in tokenizer keyboard keyword keywords key keys primaryKey primary_key sortKey sort_key
    foreignKey partitionKey partition_key cacheKey objectKey routingKey publicKey public_key idempotencyKey
    keyId key_id accessKeyId apiKeyId apiKeyName apiVersion monkey turkey hotkey secretary secretName
    secretsManagerArn passwordLength passwordExpired passwordChangedAt hasPassword has_password isSecret
    requiresToken maxTokens max_tokens total_tokens promptTokens completion_tokens tokensUsed timecode
    timeCode passport passenger passed bypass compass password_reset_required authMethod auth_type
    authorizationUrl signatureVersion signatureAlgorithm emailSignature session sessions sessionCount
    session_timeout cookiePolicy cookieConsent cardType cardHolder card_brand pinned spinner opinion
    shipping code countryCode zipCode statusCode promoCode phoneNumber orderNumber accountNumber
    credentialType credentialId certificate design assignee pinCount id name email status user_id userId url
    hash checksum digest nonce state scope grant_type client_id clientId username
""".split()  # noqa: SIM905 -- a table
SECRET_HEADERS = """
    Authorization Proxy-Authorization X-Authorization Authentication X-Auth-Token X-Auth-Key X-Auth
    X-Api-Key Api-Key apikey X-ApiKey X-API-Token X-Access-Token X-Refresh-Token X-Session-Token
    X-Session-Id X-CSRF-Token X-XSRF-TOKEN X-CSRFToken PRIVATE-TOKEN JOB-TOKEN X-Gitlab-Token X-Vault-Token
    X-Consul-Token X-Figma-Token X-Plex-Token Ocp-Apim-Subscription-Key X-Amz-Security-Token X-Goog-Api-Key
    x-functions-key x-rapidapi-key X-Mashape-Key Fastly-Key DD-API-KEY DD-APPLICATION-KEY
    X-Shopify-Access-Token X-Hub-Signature X-Hub-Signature-256 Stripe-Signature X-Shopify-Hmac-Sha256
    X-Slack-Signature X-Twilio-Signature X-Signature CF-Access-Client-Secret X-Client-Secret
    X-Webhook-Secret X-Hasura-Admin-Secret X-Telegram-Bot-Api-Secret-Token X-Parse-Session-Token
    X-Parse-Master-Key X-TrackerToken X-Password X-Otp X-GitHub-OTP X-Forwarded-Access-Token
    Cf-Access-Jwt-Assertion DPoP Cookie Set-Cookie X-User-Token Token X-Token X-Secret X-Credentials
    x-amz-server-side-encryption-customer-key X-Jwt
""".split()  # noqa: SIM905 -- a table
READABLE_HEADERS = """
    Accept Content-Type Content-Length Host User-Agent ETag If-Match Idempotency-Key X-Idempotency-Key
    Origin Sec-WebSocket-Key Surrogate-Key X-Cache-Key X-Request-Id X-Correlation-Id Retry-After
    WWW-Authenticate X-Amz-Date X-Amz-Content-Sha256 x-amz-server-side-encryption-aws-kms-key-id
    Cache-Control Link Location X-Forwarded-For X-RateLimit-Remaining X-Token-Count X-Auth-User
    X-Auth-Method Author X-Next-Page-Token Signature-Input X-Mock-Scope traceparent
    Access-Control-Allow-Credentials-Policy
""".split()  # noqa: SIM905 -- a table


@pytest.mark.parametrize("name", SECRETS)
def test_secrets(name):
    """What is called so is a secret, in every style and with X- before it."""
    assert is_secret_name(name)
    assert is_secret_name(f"X-{name}")


@pytest.mark.parametrize("name", READABLE)
def test_names_that_only_contain_such_a_word(name):
    """They are about a secret, or about something else."""
    assert not is_secret_name(name)


@pytest.mark.parametrize("name", SECRET_HEADERS)
def test_secret_headers(name):
    """Header fields that authenticate, of many vendors, in any case."""
    assert is_secret_name(name, is_header=True)


@pytest.mark.parametrize("name", READABLE_HEADERS)
def test_readable_headers(name):
    """Those that say something else."""
    assert not is_secret_name(name, is_header=True)
