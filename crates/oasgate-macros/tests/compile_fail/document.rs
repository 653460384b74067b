oasgate_macros::contract_tests!(service = app());
oasgate_macros::contract_tests!("spec/none.yaml", service = app());
oasgate_macros::contract_tests!("tests/compile_fail/broken.yaml", service = app());
oasgate_macros::contract_tests!("tests/compile_fail/empty.yaml", service = app());
oasgate_macros::contract_tests!("tests/compile_fail/recipe.yaml", service = app());
oasgate_macros::contract_tests!(document = openapi(), service = app(), ignore = { getThing: "why" });

fn main() {}
