//! What is a secret, and what only looks like one. Credentials are put together here, so that no scanner takes this file
//! for a leak.

use super::*;

/// What is found, and what of it is shown.
fn found(text: &str, name: &str) -> Option<(&'static str, String)> {
    find(text, &[name]).map(|secret| {
        for hidden in &secret.hidden {
            assert!(text.contains(hidden.as_str()), "{text}: {hidden}");
            assert!(!secret.shown.contains(hidden.as_str()), "{text}: {}", secret.shown);
        }
        (secret.what, secret.shown)
    })
}

const LETTERS: &str = "q7Rk2mZx9LdW4vTn8HcY3bPf6GsJ5wQa1VeXu0iK";
const CAPITALS: &str = "Z7QK2MWX4LDB3VTN";

#[test]
fn credentials_are_known_by_their_form() {
    let of = |prefix: &str, length: usize| format!("{prefix}{}", &LETTERS.repeat(7)[..length]);
    for (text, what, shown) in [
        (format!("AKIA{CAPITALS}"), "an AWS access key id", "AKIA****"),
        (format!("key=ASIA{CAPITALS}&x=1"), "a temporary AWS access key id", "ASIA****"),
        (of("ghp_", 36), "a GitHub token", "ghp_****"),
        (of("github_pat_", 82), "a GitHub token", "github_pat_****"),
        (of("glpat-", 20), "a GitLab token", "glpat-****"),
        (of("xoxb-123456789012-", 24), "a Slack token", "xoxb-****"),
        (
            of("https://hooks.slack.com/services/T0AB3CD4E/B05EF6GH7/", 24),
            "a Slack webhook",
            "https://hooks.slack.com/services/****",
        ),
        (of("hf_", 34), "a Hugging Face token", "hf_****"),
        (of("sk-proj-", 120), "an OpenAI key", "sk-proj-****"),
        (of("sk_live_", 24), "a Stripe key", "sk_live_****"),
        (of("curl -H 'Authorization: Bearer npm_", 36), "an npm token", "npm_****"),
        (format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.{LETTERS}"), "a JSON web token", "eyJ****"),
    ] {
        assert_eq!(found(&text, "Note"), Some((what, shown.to_owned())), "{text}");
    }
}

#[test]
fn forms_that_are_not_filled_are_none() {
    for text in [
        "AKIAIOSFODNN7EXAMPLE",
        "AKIAXXXXXXXXXXXXXXXX",
        "AKIA",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "ghp_${Token}",
        "hf_your-token-here",
        "hf_transfer",
        "xoxb-your-token",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        "https://hooks.slack.com/services/${Path}",
        "sk-learn",
        "sk-",
        "eyJ",
        "SAKIAZ7QK2MWX4LDB3VTNP",
    ] {
        assert_eq!(found(text, "Note"), None, "{text}");
    }
}

#[test]
fn private_keys_are_hidden_line_by_line() {
    let head = concat!("-----BEGIN RSA ", "PRIVATE KEY-----");
    let text = format!("{head}\n{LETTERS}\n{CAPITALS}{LETTERS}\n-----END RSA PRIVATE KEY-----");
    let secret = find(&text, &[]).unwrap();
    assert_eq!(secret.hidden, [LETTERS.to_owned(), format!("{CAPITALS}{LETTERS}")]);
    assert_eq!(secret.shown, format!("{head}****"));
    let escaped = format!("{head}\\n{LETTERS}\\n");
    assert_eq!(find(&escaped, &[]).unwrap().hidden, [LETTERS]);
    for text in [format!("{head}\n...\n"), format!("{head}\n${{Key}}\n"), "-----BEGIN CERTIFICATE-----".to_owned()] {
        assert_eq!(find(&text, &[]), None, "{text}");
    }
}

#[test]
fn urls_with_passwords() {
    let what = "a URL with a password";
    let hidden = |text: &str| find(text, &[]).map(|secret| (secret.what, secret.hidden.concat()));
    assert_eq!(hidden("postgresql://ml:Tr4in!2024@db:5432/f"), Some((what, "Tr4in!2024".to_owned())));
    assert_eq!(hidden("see amqps://u:kR9-x2p@mq.internal now"), Some((what, "kR9-x2p".to_owned())));
    for text in [
        "https://example.com:443/a@b",
        "postgres://user:password@host/db",
        "postgres://${User}:${Password}@${Host}/db",
        "postgres://postgres:postgres@localhost/db",
        "mysql://u:%s@h",
        "redis://:<password>@h",
        "https://user@host/",
        "git+ssh://git@github.com:org/repo",
    ] {
        assert_eq!(hidden(text), None, "{text}");
    }
}

#[test]
fn values_of_what_is_called_secret() {
    for (name, text, what) in [
        ("DB_PASSWORD", "hunter2!", "a password"),
        ("dbPassword", "P@ssw0rd", "a password"),
        ("MYSQL_PASS", "Winter2024", "a password"),
        ("Password1", "20240101", "a password"),
        ("dbpassword", "k9d8f7s6", "a password"),
        ("API_KEY", "9f8e7d6c5b4a39281706f5e4d3c2b1a0", "a token or key"),
        ("aws_secret_access_key", "q7Rk2mZx9LdW4vTn8HcY3bPf6GsJ5wQa1VeXu0/K", "a token or key"),
        ("ClientSecret", "8Q~x7rT2mN4kLp9vB3cZ", "a token or key"),
        ("WANDB_API_KEY", "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", "a token or key"),
        ("SECRET", "q7Rk2mZx9LdW4v", "a token or key"),
    ] {
        assert_eq!(found(text, name), Some((what, MASK.to_owned())), "{name} {text}");
    }
}

#[test]
fn values_that_stand_for_a_secret() {
    for text in [
        "",
        "changeme",
        "ChangeMe123!",
        "<token>",
        "your-api-key-here",
        "xxxxxxxxxxxx",
        "************",
        "${DbPassword}",
        "pre-${DbPassword}-1",
        "{{resolve:secretsmanager:db:SecretString:password}}",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-a1B2c3",
        "arn:${AWS::Partition}:ssm:x",
        "s3://bucket/key9",
        "/prod/db/password1",
        "prod/db/password",
        "mlops-prod-db-password-v2",
        "GITHUB_TOKEN",
        "DbPassword",
        "https://example.com/token1",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "sha256:9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0",
        "2012-10-17",
        "the password of the database 1",
        "required",
        "true",
        "$.Password1",
        "dkr.ecr.eu-west-1.amazonaws.com/x1",
    ] {
        for name in ["Password", "SECRET_TOKEN", "api-key"] {
            assert_eq!(found(text, name), None, "{name}: {text}");
        }
    }
}

#[test]
fn tokens_that_are_words_or_documents() {
    for text in [
        "my-function-v2",
        "DbSecretAttachment1",
        "ml.m5.2xlarge",
        "nextToken123",
        // {"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}
        "eyJSZXNvdXJjZXMiOiB7IkEiOiB7IlR5cGUiOiAiQVdTOjpTTlM6OlRvcGljIn19fQ==",
        "hf_transfer",
        "short1",
    ] {
        assert_eq!(found(text, "TOKEN"), None, "{text}");
    }
}

#[test]
fn names_that_say_something_else() {
    for name in [
        "SECRET_ARN",
        "SecretName",
        "PASSWORD_LENGTH",
        "PAD_TOKEN",
        "MAX_TOKEN",
        "NextToken",
        "TaskToken",
        "TokenUrl",
        "KMS_KEY",
        "PARTITION_KEY",
        "S3_KEY",
        "PASSWORD_PARAMETER",
        "SecretId",
        "tokenizer",
        "Compass",
        "KeyId",
        "Environment",
        "IMAGE_DIGEST",
    ] {
        assert_eq!(found("q7Rk2mZx9LdW4vTn8HcY", name), None, "{name}");
    }
}

#[test]
fn assignments_in_scripts_and_connection_strings() {
    let hidden = |text: &str| find(text, &["ZipFile"]).map(|secret| secret.hidden.concat());
    for (text, expected) in [
        ("import os\npassword = 'hunter2!'\n", "hunter2!"),
        ("connect(host='h', password=\"Tr4in!2024\")", "Tr4in!2024"),
        ("{\"db\": {\"password\": \"hunter2!\"}}", "hunter2!"),
        ("{\\\"password\\\": \\\"hunter2!\\\"}", "hunter2!"),
        ("Server=db;User Id=ml;Password=Wint3rTr4in;", "Wint3rTr4in"),
        ("const apiKey = '9f8e7d6c5b4a3928';", "9f8e7d6c5b4a3928"),
    ] {
        assert_eq!(hidden(text).as_deref(), Some(expected), "{text}");
    }
    for text in [
        "password = os.environ['DB_PASSWORD']",
        "password = get_secret(\"db-1\")",
        "if token == 'abc123def456ghi':",
        "token: str = ''",
        "params = {'NextToken': 'q7Rk2mZx9LdW4vTn8HcY'}",
        "password=$1",
        "Password=${Db.Password};",
        "token=response.json()",
        "secret_name = 'prod/mlops/db-1'",
        "{\"type\": \"password\", \"label\": \"Password1\"}",
        "password: \"changeme1\"",
    ] {
        assert_eq!(hidden(text), None, "{text}");
    }
}

#[test]
fn no_form_is_shorter_than_what_is_looked_for() {
    assert!(!FORMATS.is_empty());
    for format in FORMATS.iter() {
        let shortest =
            format.prefix.bytes().rev().take_while(|&byte| is_word(byte) || byte == b'.').count() + format.least;
        assert!(shortest >= SHORTEST_RUN, "{}: {shortest}", format.prefix);
    }
}
