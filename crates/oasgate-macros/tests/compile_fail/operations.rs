use oasgate_macros::contract_tests;

contract_tests!("tests/compile_fail/things.yaml", service = app(), except = [listThings]);
contract_tests!("tests/compile_fail/things.yaml", service = app(), except = { listThings });
contract_tests!("tests/compile_fail/things.yaml", service = app(), except = { listThings: "" });
contract_tests!("tests/compile_fail/things.yaml", service = app(), ignore = { lstThings: "slow" });
contract_tests!("tests/compile_fail/things.yaml", service = app(), only = ["PUT /things"]);
contract_tests!(
    "tests/compile_fail/things.yaml",
    service = app(),
    except = { listThings: "slow", "POST /things": "slow" },
);

fn main() {}
