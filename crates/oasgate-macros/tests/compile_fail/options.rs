use oasgate_macros::contract_tests;

contract_tests!("tests/compile_fail/things.yaml");
contract_tests!("tests/compile_fail/things.yaml", servce = app());
contract_tests!("tests/compile_fail/things.yaml", service = app(), cases = 3, cases = 4);
contract_tests!("tests/compile_fail/things.yaml", service = app(), cases =);
contract_tests!("tests/compile_fail/things.yaml", service = app(), service = app());
contract_tests!("tests/compile_fail/things.yaml", service = app(), url = "http://127.0.0.1");
contract_tests!("tests/compile_fail/things.yaml", service = app(), phases = examples);

fn main() {}
