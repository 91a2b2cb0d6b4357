//! Commands that get what is missing. They are there to be pasted, so every name in them is quoted for the shell.

use std::fmt::Display;

use super::id::{ResourceId, UNKNOWN};

/// A word for the shell: what could mean something to it is in single quotes.
pub(super) fn word(text: impl Display) -> String {
    let text: String = text.to_string().chars().filter(|character| !character.is_control()).collect();
    let plain =
        |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.' | b'/' | b':' | b'=' | b'@');
    match !text.is_empty() && text.bytes().all(plain) && !text.starts_with('-') {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A resource group for the shell; templates do not know theirs.
pub(super) fn group(group: &str) -> String {
    if matches!(group, UNKNOWN | "") { "GROUP".to_owned() } else { word(group) }
}

/// A command that shows a resource, such as `az network vnet show --ids …`.
pub(super) fn show(command: &str, id: &ResourceId) -> String {
    if id.is_whole() {
        return format!("az {command} --ids {}", word(id));
    }
    if id.kind.is_empty() {
        return format!("az {command} --ids ID");
    }
    let kind = match command {
        "resource show" => format!(" --resource-type {}", word(&id.kind)),
        _ => String::new(),
    };
    format!("az {command} -g {} -n {}{kind}", group(&id.group), word(id.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_means_nothing_to_the_shell() {
        assert_eq!(word("rg-net_1.x"), "rg-net_1.x");
        assert_eq!(word("a;reboot"), "'a;reboot'");
        assert_eq!(word("a'$(b)\n"), "'a'\\''$(b)'");
        assert_eq!(word("--yes"), "'--yes'");
        assert_eq!(word(""), "''");
        let id = ResourceId::of("s", "rg", "microsoft.network/virtualnetworks", &["v & w"]);
        let text = show("network vnet show", &id);
        assert_eq!(
            text,
            "az network vnet show --ids '/subscriptions/s/resourceGroups/rg/providers/microsoft.network/virtualnetworks/v & w'"
        );
    }
}
