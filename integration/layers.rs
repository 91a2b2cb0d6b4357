//! The module graph: which layer may import which, and what must stay out of where.
//!
//! The graph is read from the source with `syn`: grouped imports, `super` and `self`, paths in expressions and types, macros'
//! arguments, and re-exports, which are followed to the file that defines the item. What only tests use is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The layers from the ground up. Each may import itself and the layers before it, with the exceptions below. So
/// `dns` and `estate` know nothing of the catalogue.
const LAYERS: [&str; 13] = [
    "dns",
    "estate",
    "catalogue",
    "compile",
    "scenario",
    "import",
    "resolve",
    "assess",
    "output",
    "client",
    "server",
    "cli",
    "main",
];

/// Imports of a lower layer that are refused all the same.
const REFUSED: [(&str, &str); 2] = [("resolve", "import"), ("resolve", "scenario")];

/// Crates that only these layers may use.
const CRATES: [(&str, &[&str]); 7] = [
    ("clap", &["cli"]),
    ("utoipa", &["server"]),
    ("axum", &["server"]),
    ("tokio", &["client", "server", "cli"]),
    ("tracing", &["client", "server", "cli"]),
    ("ureq", &["client", "cli"]),
    ("syn", &[]),
];

/// What the pure core does without: files, sockets, clocks and threads of the standard library.
const IMPURE: [&str; 6] = ["fs", "thread", "process", "env", "net::TcpListener", "net::UdpSocket"];
/// The same for single types, by their last two segments.
const IMPURE_TYPES: [&str; 4] = ["time::Instant", "time::SystemTime", "net::TcpStream", "io::stdout"];

/// A source file: its module path, what it defines and what it uses.
struct Module {
    file: PathBuf,
    /// Without `crate`.
    path: Vec<String>,
    defines: BTreeSet<String>,
    exports: Vec<Import>,
    uses: Vec<Vec<String>>,
    is_async: bool,
}

/// All modules by path, without those that only tests have.
struct Crate {
    modules: BTreeMap<Vec<String>, Module>,
    /// Names a module re-exports, and what each stands for.
    exports: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>,
    /// Re-exports of everything a module has.
    globs: BTreeMap<Vec<String>, Vec<Vec<String>>>,
}

static CRATE: LazyLock<Crate> = LazyLock::new(Crate::read);

impl Crate {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Self { modules: BTreeMap::new(), exports: BTreeMap::new(), globs: BTreeMap::new() };
        found.add(root.join("lib.rs"), Vec::new(), &root);
        found.add(root.join("main.rs"), vec!["main".to_owned()], &root);
        let paths: Vec<_> = found.modules.keys().cloned().collect();
        for path in paths {
            for import in &found.modules[&path].exports {
                let Some(target) = found.absolute(&path, &import.path) else { continue };
                match &import.name {
                    Some(name) => {
                        found.exports.entry(path.clone()).or_default().insert(name.clone(), target);
                    }
                    None => found.globs.entry(path.clone()).or_default().push(target),
                }
            }
        }
        found
    }

    /// Reads a file and the files of its modules. `folder` is where those are.
    fn add(&mut self, file: PathBuf, path: Vec<String>, folder: &Path) {
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let tree = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for item in product(&tree.items) {
            let syn::Item::Mod(module) = item else { continue };
            assert!(module.content.is_none(), "{}: modules have files of their own", file.display());
            let name = module.ident.to_string();
            let (single, own) = (folder.join(format!("{name}.rs")), folder.join(&name));
            let inner = if single.exists() { single } else { own.join("mod.rs") };
            let path = path.iter().cloned().chain([name]).collect();
            self.add(inner, path, &own);
        }
        let exported = product(&tree.items).filter_map(|item| match item {
            syn::Item::Use(item) if !matches!(item.vis, syn::Visibility::Inherited) => Some(imports(&item.tree)),
            _ => None,
        });
        let module = Module {
            file,
            path: path.clone(),
            defines: product(&tree.items).filter_map(item_name).collect(),
            exports: exported.flatten().collect(),
            uses: paths(&tree),
            is_async: has_async(&tree),
        };
        self.modules.insert(path, module);
    }

    /// A path as written in a module, from the root; absent if it leads out of the crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        let mut base = module.to_vec();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &rest[1..];
            }
            "ampls_dns" if module.first().is_some_and(|first| first == "main") => {
                base.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|first| first == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                // A module declared here, as in `pub use decide::decide`.
                let child: Vec<_> = base.iter().cloned().chain([first.to_owned()]).collect();
                self.modules.get(&child)?;
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The module that defines what a path from the root stands for; re-exports are followed.
    fn definer(&self, path: &[String]) -> Vec<String> {
        let mut path = path.to_vec();
        // Bounded: a circle of re-exports does not compile.
        for _ in 0..16 {
            let deepest = (0..=path.len()).rev().find(|end| self.modules.contains_key(&path[..*end]));
            let (module, rest) = path.split_at(deepest.expect("the root is a module"));
            let Some(name) = rest.first() else { return module.to_vec() };
            let named = self.exports.get(module).and_then(|names| names.get(name));
            let globbed = || {
                let targets = self.globs.get(module)?;
                targets
                    .iter()
                    .find(|target| self.defines(target, name))
                    .map(|target| target.iter().cloned().chain([name.clone()]).collect::<Vec<_>>())
            };
            match named.cloned().or_else(globbed) {
                Some(target) => path = target.into_iter().chain(rest[1..].iter().cloned()).collect(),
                None => return module.to_vec(),
            }
        }
        panic!("re-exports of {} lead in a circle", path.join("::"));
    }

    fn defines(&self, module: &[String], name: &str) -> bool {
        self.modules.get(module).is_some_and(|module| module.defines.contains(name))
    }

    /// Each module with the modules whose items it uses. A re-export is no use.
    fn uses(&self) -> BTreeMap<&[String], BTreeSet<Vec<String>>> {
        let mut uses = BTreeMap::new();
        for module in self.modules.values() {
            let mut targets = BTreeSet::new();
            for path in &module.uses {
                if let Some(path) = self.absolute(&module.path, path) {
                    let target = self.definer(&path);
                    if target != module.path {
                        targets.insert(target);
                    }
                }
            }
            uses.insert(&*module.path, targets);
        }
        uses
    }
}

/// Items that are not only for tests.
fn product(items: &[syn::Item]) -> impl Iterator<Item = &syn::Item> {
    items.iter().filter(|item| !attributes(item).iter().any(only_for_tests))
}

fn only_for_tests(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn item_name(item: &syn::Item) -> Option<String> {
    Some(match item {
        syn::Item::Const(item) => item.ident.to_string(),
        syn::Item::Enum(item) => item.ident.to_string(),
        syn::Item::Fn(item) => item.sig.ident.to_string(),
        syn::Item::Mod(item) => item.ident.to_string(),
        syn::Item::Static(item) => item.ident.to_string(),
        syn::Item::Struct(item) => item.ident.to_string(),
        syn::Item::Trait(item) => item.ident.to_string(),
        syn::Item::Type(item) => item.ident.to_string(),
        _ => return None,
    })
}

/// One name a `use` brings in.
struct Import {
    path: Vec<String>,
    /// The name it has here; absent for `*`.
    name: Option<String>,
}

fn imports(tree: &syn::UseTree) -> Vec<Import> {
    fn walk(tree: &syn::UseTree, before: &mut Vec<String>, found: &mut Vec<Import>) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                walk(&path.tree, before, found);
                before.pop();
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                found.push(Import { path: before.clone(), name: before.last().cloned() });
            }
            syn::UseTree::Name(name) => {
                let name = name.ident.to_string();
                found.push(Import { path: before.iter().cloned().chain([name.clone()]).collect(), name: Some(name) });
            }
            syn::UseTree::Rename(rename) => {
                let path = before.iter().cloned().chain([rename.ident.to_string()]).collect();
                found.push(Import { path, name: Some(rename.rename.to_string()) });
            }
            syn::UseTree::Glob(_) => found.push(Import { path: before.clone(), name: None }),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| walk(tree, before, found)),
        }
    }
    let mut found = Vec::new();
    walk(tree, &mut Vec::new(), &mut found);
    found
}

/// Every path a file uses: imports, paths in types and expressions, and those in the arguments of macros and attributes.
fn paths(tree: &syn::File) -> Vec<Vec<String>> {
    #[derive(Default)]
    struct Paths(Vec<Vec<String>>);
    impl Paths {
        fn scan(&mut self, tokens: TokenStream) {
            let mut path: Vec<String> = Vec::new();
            let mut colons = 0;
            for token in tokens {
                match token {
                    TokenTree::Ident(ident) if colons == 2 || path.is_empty() => {
                        path.push(ident.to_string());
                        colons = 0;
                    }
                    TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() && colons < 2 => colons += 1,
                    other => {
                        if path.len() > 1 {
                            self.0.push(std::mem::take(&mut path));
                        }
                        path.clear();
                        colons = 0;
                        match other {
                            TokenTree::Group(group) => self.scan(group.stream()),
                            TokenTree::Ident(ident) => path.push(ident.to_string()),
                            _ => {}
                        }
                    }
                }
            }
            if path.len() > 1 {
                self.0.push(path);
            }
        }
    }
    impl<'t> Visit<'t> for Paths {
        fn visit_item(&mut self, item: &'t syn::Item) {
            if !attributes(item).iter().any(only_for_tests) {
                visit::visit_item(self, item);
            }
        }

        fn visit_impl_item_fn(&mut self, item: &'t syn::ImplItemFn) {
            if !item.attrs.iter().any(only_for_tests) {
                visit::visit_impl_item_fn(self, item);
            }
        }

        fn visit_item_use(&mut self, item: &'t syn::ItemUse) {
            // A re-export offers an item; whoever imports it uses it.
            if matches!(item.vis, syn::Visibility::Inherited) {
                self.0.extend(imports(&item.tree).into_iter().map(|import| import.path));
            }
        }

        fn visit_path(&mut self, path: &'t syn::Path) {
            if path.segments.len() > 1 {
                self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
            }
            visit::visit_path(self, path);
        }

        fn visit_macro(&mut self, item: &'t syn::Macro) {
            self.scan(item.tokens.clone());
            visit::visit_macro(self, item);
        }

        fn visit_attribute(&mut self, attribute: &'t syn::Attribute) {
            if let syn::Meta::List(list) = &attribute.meta {
                self.scan(list.tokens.clone());
            }
            visit::visit_attribute(self, attribute);
        }
    }
    let mut paths = Paths::default();
    paths.visit_file(tree);
    paths.0
}

fn layer(path: &[String]) -> Option<&str> {
    path.first().map(String::as_str)
}

#[test]
fn each_layer_imports_only_layers_below_it() {
    let all = &*CRATE;
    let mut wrong = Vec::new();
    for (module, targets) in all.uses() {
        let Some(from) = layer(module) else { continue };
        let height = LAYERS.iter().position(|name| *name == from).unwrap_or_else(|| panic!("`{from}` is no layer"));
        for target in targets {
            // The root of the crate re-exports what the layers have.
            let Some(to) = layer(&target) else { continue };
            if !LAYERS[..=height].contains(&to) || REFUSED.contains(&(from, to)) {
                wrong.push(format!("{} uses {}", all.modules[module].file.display(), target.join("::")));
            }
        }
    }
    refuse(wrong);
}

/// Fails with what is wrong.
fn refuse(mut wrong: Vec<String>) {
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The strongly connected files: each can be reached from each other of its group.
fn circles(uses: &BTreeMap<&[String], BTreeSet<Vec<String>>>) -> Vec<Vec<String>> {
    let reach = |from: &[String]| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from.to_vec()];
        while let Some(module) = next.pop() {
            for target in uses.get(&*module).into_iter().flatten() {
                if seen.insert(target.clone()) {
                    next.push(target.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&[String], BTreeSet<Vec<String>>> =
        uses.keys().map(|module| (*module, reach(module))).collect();
    let mut found: Vec<Vec<String>> = Vec::new();
    for (module, targets) in &reached {
        if !targets.contains(*module) {
            continue;
        }
        let group: Vec<String> = reached
            .iter()
            .filter(|(other, back)| targets.contains(**other) && back.contains(*module))
            .map(|(other, _)| other.join("::"))
            .collect();
        if !found.contains(&group) {
            found.push(group);
        }
    }
    found
}

#[test]
fn no_two_files_import_each_other_in_a_circle() {
    let all = &*CRATE;
    let mut uses = all.uses();
    // A module may use what its parent defines: a folder's own file and the files below it are one module.
    for (module, targets) in &mut uses {
        targets.retain(|target| !module.starts_with(target));
    }
    refuse(circles(&uses).iter().map(|group| group.join(" <-> ")).collect());
}

#[test]
fn crates_stay_in_their_layers_and_the_core_is_pure() {
    let all = &*CRATE;
    let mut wrong = Vec::new();
    for module in all.modules.values() {
        let Some(own) = layer(&module.path).filter(|own| *own != "main") else { continue };
        let pure = LAYERS.iter().take_while(|name| **name != "client").any(|name| *name == own);
        for path in &module.uses {
            let first = path[0].as_str();
            let refused = CRATES.iter().any(|(name, layers)| {
                (first == *name || first.starts_with(&format!("{name}_"))) && !layers.contains(&own)
            });
            let rest = path[1..].join("::");
            let impure = first == "std"
                && (IMPURE.iter().any(|word| rest == *word || rest.starts_with(&format!("{word}::")))
                    || IMPURE_TYPES.iter().any(|word| rest.starts_with(word)));
            if refused || pure && impure {
                wrong.push(format!("{} uses {}", module.file.display(), path.join("::")));
            }
            if first.starts_with("hickory_") && !HICKORY.iter().any(|file| module.file.ends_with(file)) {
                wrong.push(format!("{} uses {first}", module.file.display()));
            }
        }
        if pure && module.is_async {
            wrong.push(format!("{} has an async function", module.file.display()));
        }
    }
    refuse(wrong);
}

/// The files that know hickory's types.
const HICKORY: [&str; 3] = ["dns/wire.rs", "dns/foreign.rs", "server/tcp/portable.rs"];

fn has_async(tree: &syn::File) -> bool {
    struct Async(bool);
    impl<'t> Visit<'t> for Async {
        fn visit_item(&mut self, item: &'t syn::Item) {
            if !attributes(item).iter().any(only_for_tests) {
                visit::visit_item(self, item);
            }
        }

        fn visit_signature(&mut self, signature: &'t syn::Signature) {
            self.0 |= signature.asyncness.is_some();
        }

        fn visit_expr_async(&mut self, _: &'t syn::ExprAsync) {
            self.0 = true;
        }
    }
    let mut found = Async(false);
    found.visit_file(tree);
    found.0
}

#[test]
fn dns_knows_nothing_of_azure() {
    let all = &*CRATE;
    for module in all.modules.values().filter(|module| layer(&module.path) == Some("dns")) {
        let text = fs::read_to_string(&module.file).expect("it was read before");
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_lowercase();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for word in ["azure", "privatelink", "ampls", "workspace"] {
                assert!(!line.contains(word), "{}: {line}", module.file.display());
            }
        }
    }
}

#[test]
fn the_graph_is_read_from_the_source() {
    let file = |text: &str| syn::parse_file(text).expect("a good file");
    let joined = |text: &str| paths(&file(text)).iter().map(|path| path.join("::")).collect::<Vec<_>>();
    assert_eq!(
        joined("use crate::{a::{b, c as d, self}, e::*};"),
        ["crate::a::b", "crate::a::c", "crate::a", "crate::e"]
    );
    assert_eq!(joined("fn f(x: super::T) { crate::g(vec![self::h::i]) }"), ["super::T", "crate::g", "self::h::i"]);
    assert_eq!(joined("#[cfg(test)] mod tests { use super::*; }\n#[cfg(test)] use a::b;"), [""; 0]);
    assert_eq!(joined("pub use a::b;"), [""; 0]);
    let all = &*CRATE;
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
    // `resolve::decide` is both a module and the function it re-exports.
    assert_eq!(all.definer(&path("resolve::Decision")), path("resolve::decide"));
    assert_eq!(all.definer(&path("Emulator")), path("server::emulator"));
    let uses: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]
        .map(|(from, to)| (path(from), BTreeSet::from([path(to)])))
        .into();
    let uses = uses.iter().map(|(from, to)| (&**from, to.clone())).collect();
    assert_eq!(circles(&uses), [["a", "b", "c"]]);
}
