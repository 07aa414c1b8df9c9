//! A secret that is found is not told on: no format repeats it, in its own finding or in another's.

use super::Sandbox;

const SECRETS: [&str; 4] = ["w4terf4ll!", "tr4in-M3now", "r1vers-and-Roads", "b7Xk2pQz9MdV4wRn8JcT"];

fn sandbox() -> Sandbox {
    let template = r#"
Parameters:
  Password: { Type: String, Default: r1vers-and-Roads, AllowedValues: [r1vers-and-Roads, changeme] }
Resources:
  Score:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Rolle.Arn
      Environment: { Variables: { DB_PASSWORD: w4terf4ll!, NOTE: !Ref Rolle } }
      Code:
        ZipFile: |
          password = "tr4in-M3now"
          api_key = "b7Xk2pQz9MdV4wRn8JcT"
  Other:
    Type: AWS::Lambda::Function
    Properties:
      Role: r
      Code: { S3Bucket: b, S3Key: k }
      Environment:
        Variables:
          PASSWORD: !Ref Password
          COPY: w4terf4ll!
          PASS: !If [IsSet, !Ref Password, x]
Conditions:
  IsSet: !Not [!Equals [!Ref Password, r1vers-and-Roads]]
"#;
    Sandbox::new(&[("stacks/score.yaml", template)])
}

#[test]
fn no_format_repeats_a_secret() {
    let sandbox = sandbox();
    for format in ["human", "json", "sarif"] {
        let ran = sandbox.run(&["stacks", "--format", format, "--unknown", "show", "--profile", "strict"]);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(all.contains("SEC001") && all.contains("TPL018"), "{format}");
        for secret in SECRETS {
            assert!(!all.contains(secret), "{format} shows {secret}");
        }
    }
}

#[test]
fn the_line_of_a_secret_is_shown_without_it() {
    let ran = sandbox().run(&["stacks"]);
    for line in ["DB_PASSWORD: **********,", r#"password = "***********""#, "Default: ****************,"] {
        assert!(ran.stdout.contains(line), "{line}\n{}", ran.stdout);
    }
}

#[test]
fn sarif_leaves_out_the_snippet_of_a_secret() {
    let ran = sandbox().run(&["stacks", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let region = |rule: &str, text: &str| {
        let result = results
            .iter()
            .find(|result| result["ruleId"] == rule && result["message"]["text"].as_str().unwrap().contains(text));
        result.unwrap()["locations"][0]["physicalLocation"]["region"].clone()
    };
    assert_eq!(region("SEC001", "`Score` has a password")["snippet"], serde_json::Value::Null);
    assert_eq!(region("TPL018", "Rolle")["snippet"]["text"], "Rolle");
}
