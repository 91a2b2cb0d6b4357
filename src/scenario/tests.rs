use super::*;

#[test]
fn zz_seed() {
    for dir in ["/tmp/seedsc/zones/scenarios", concat!(env!("CARGO_MANIFEST_DIR"), "/zones/scenarios")] {
        for file in std::fs::read_dir(dir).expect("a folder") {
            let path = file.expect("a file").path();
            let text = std::fs::read(&path).expect("a file");
            let time = std::time::Instant::now();
            match Scenario::read(path.file_name().unwrap().to_str().unwrap(), &text) {
                Ok(scenario) => {
                    let again = scenario.write();
                    if path.to_str().unwrap().contains("two-scopes") || path.to_str().unwrap().contains("seed-06") { println!("{again}"); }
                    let back = Scenario::read("again", again.as_bytes()).unwrap_or_else(|e| panic!("{again}\n{e}"));
                    assert_eq!(back.write(), again);
                    assert_eq!(back.expectations.len(), scenario.expectations.len());
                    println!("{:?} {}", time.elapsed(), path.display());
                }
                Err(errors) => println!("{errors}"),
            }
        }
    }
    println!("{}", serde_json::to_string_pretty(&Scenario::schema()).unwrap());
}
