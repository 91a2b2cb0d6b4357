//! Identity of Azure resources: the resource id, compared without regard to case.

use std::fmt;

/// What represents a subscription or resource group that an artefact does not name, as templates do.
pub(super) const UNKNOWN: &str = "?";

/// The type of data collection rule associations, which are extensions of what they are of. Here they are its children: they share
/// their names.
pub(super) const ASSOCIATIONS: &str = "datacollectionruleassociations";

/// Marks around what represents an unknown part of a name or id: a hole.
pub(super) const OPEN: char = '\u{2039}';
pub(super) const CLOSE: char = '\u{203a}';

/// The id of a resource of Azure Resource Manager.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ResourceId {
    /// The subscription, or [`UNKNOWN`].
    pub(super) subscription: String,
    /// The resource group, or [`UNKNOWN`]; empty for what is in no group.
    pub(super) group: String,
    /// The type in lower case, such as `microsoft.network/virtualnetworks/subnets`; empty for what is not an id.
    pub(super) kind: String,
    /// The names, one for each type after the provider.
    pub(super) names: Vec<String>,
}

impl ResourceId {
    /// Reads an id such as `/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/vnet1`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.trim().trim_end_matches('/').split('/').collect();
        if parts.first() != Some(&"") || !(3..=64).contains(&parts.len()) {
            return None;
        }
        let mut own =
            Self { subscription: String::new(), group: String::new(), kind: String::new(), names: Vec::new() };
        let mut rest = &parts[1..];
        while let [key, value, behind @ ..] = rest {
            if value.is_empty() {
                return None;
            }
            rest = behind;
            // A subscription or group that is unknown can be any.
            let part = if value.contains(OPEN) { UNKNOWN } else { value };
            match key.to_ascii_lowercase().as_str() {
                "subscriptions" => own.subscription = part.to_owned(),
                "resourcegroups" => own.group = part.to_owned(),
                "providers" if !own.kind.is_empty() && is_association(behind) => {}
                // With a second provider the id is that of an extension, such as a role assignment.
                "providers" => {
                    own.kind = value.to_ascii_lowercase();
                    own.names.clear();
                }
                kind if !own.kind.is_empty() => {
                    own.kind = format!("{}/{kind}", own.kind);
                    own.names.push((*value).to_owned());
                }
                _ => return None,
            }
        }
        rest.is_empty().then_some(own)
    }

    /// What represents an id that could not be resolved: its text, as a name of no known kind.
    pub(super) fn opaque(text: &str) -> Self {
        Self { subscription: UNKNOWN.into(), group: UNKNOWN.into(), kind: String::new(), names: vec![text.to_owned()] }
    }

    /// An id from its parts; the type may be written in any case.
    pub(super) fn of(subscription: &str, group: &str, kind: &str, names: &[&str]) -> Self {
        Self {
            subscription: subscription.to_owned(),
            group: group.to_owned(),
            kind: kind.to_ascii_lowercase(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// A child of this resource.
    pub(super) fn child(&self, kind: &str, name: &str) -> Self {
        let mut own = self.clone();
        own.kind = format!("{}/{}", own.kind, kind.to_ascii_lowercase());
        own.names.push(name.to_owned());
        own
    }

    /// The resource this is a child of.
    pub(super) fn parent(&self) -> Option<Self> {
        let (kind, _) = self.kind.rsplit_once('/')?;
        if self.names.len() < 2 {
            return None;
        }
        let mut own = self.clone();
        own.kind = kind.to_owned();
        own.names.pop();
        Some(own)
    }

    /// Its own name.
    pub(super) fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// True if some part of its names is unknown.
    pub(super) fn has_unknown_name(&self) -> bool {
        self.names.iter().any(|name| name.contains(OPEN))
    }

    /// True if nothing is unknown of it.
    pub(super) fn is_whole(&self) -> bool {
        !self.kind.is_empty() && self.subscription != UNKNOWN && self.group != UNKNOWN
    }

    /// What two ids of one resource have in common.
    pub(super) fn key(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }

    /// True if the two can be one resource, unknown parts left open.
    pub(super) fn can_be(&self, other: &Self) -> bool {
        let open = |one: &str, two: &str| one == UNKNOWN || two == UNKNOWN || one.eq_ignore_ascii_case(two);
        self.kind == other.kind
            && open(&self.subscription, &other.subscription)
            && open(&self.group, &other.group)
            && self.names.len() == other.names.len()
            && self.names.iter().zip(&other.names).all(|(one, two)| one.eq_ignore_ascii_case(two))
    }
}

/// True for the end of the id of an association.
fn is_association(end: &[&str]) -> bool {
    matches!(end, [kind, _] if kind.eq_ignore_ascii_case(ASSOCIATIONS))
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind.is_empty() {
            return match self.names.first() {
                Some(text) => f.write_str(text),
                None => write!(f, "/subscriptions/{}", self.subscription),
            };
        }
        write!(f, "/subscriptions/{}", self.subscription)?;
        if !self.group.is_empty() {
            write!(f, "/resourceGroups/{}", self.group)?;
        }
        let mut kinds = self.kind.split('/');
        write!(f, "/providers/{}", kinds.next().unwrap_or_default())?;
        for (kind, name) in kinds.zip(&self.names) {
            write!(f, "/{kind}/{name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_and_compared_without_case() {
        let text = "/subscriptions/S/resourceGroups/Rg/providers/Microsoft.Network/virtualNetworks/v/subnets/s";
        let id = ResourceId::parse(text).expect("a good id");
        assert_eq!((id.group.as_str(), id.name()), ("Rg", "s"));
        assert_eq!(id.key(), text.to_ascii_lowercase());
        assert_eq!(id.parent().map(|parent| parent.kind).as_deref(), Some("microsoft.network/virtualnetworks"));
        assert!(ResourceId::of(UNKNOWN, "rg", &id.kind, &["V", "S"]).can_be(&id));
    }

    #[test]
    fn an_association_is_a_child_of_its_machine() {
        let id = |machine: &str| {
            let text = format!(
                "/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/{machine}/providers/Microsoft.Insights/dataCollectionRuleAssociations/configurationAccessEndpoint"
            );
            ResourceId::parse(&text).expect("a good id")
        };
        assert_eq!(id("a").parent().map(|machine| machine.name().to_owned()).as_deref(), Some("a"));
        assert_ne!(id("a").key(), id("b").key());
        assert_eq!(ResourceId::parse(&id("a").to_string()), Some(id("a")));
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in ["", "/", "x", "[parameters('x')]", "/subscriptions", "/subscriptions//resourceGroups/x", "/a/b"] {
            assert_eq!(ResourceId::parse(text), None, "{text}");
        }
        assert!(ResourceId::parse("/subscriptions/S").is_some_and(|id| id.names.is_empty()));
    }
}
