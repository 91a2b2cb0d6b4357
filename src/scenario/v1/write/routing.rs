//! What decides which way packets take, to shapes.

use std::net::Ipv4Addr;

use crate::estate::routing::{
    Appliance, EndpointPolicies, Forwards, Gateway, GatewayKind, NextHop, PeeringHalf, RouteTable, Transit, UserRoute,
    VirtualHub,
};
use crate::estate::security::{Addresses, Direction, Protocol, SecurityGroup, SecurityRule};
use crate::estate::{NetworkName, Routing, RoutingKey, RuleAction};
use crate::scenario::v1::schema::*;

/// The event that sets an object.
pub(super) fn set(routing: &Routing) -> WhatSchema {
    match routing {
        Routing::PeeringHalf(one) => WhatSchema::SetPeering(half(one)),
        Routing::Gateway(one) => WhatSchema::SetGateway(NamedGatewaySchema {
            network: one.network.to_string(),
            kind: gateway(one).kind,
            connects: names(&one.connects),
        }),
        Routing::RouteTable(one) => {
            WhatSchema::SetRouteTable(NamedRouteTableSchema { name: one.name.to_string(), spec: route_table(one) })
        }
        Routing::Appliance(one) => {
            WhatSchema::SetAppliance(NamedApplianceSchema { name: one.name.to_string(), spec: appliance(one) })
        }
        Routing::VirtualHub(one) => {
            WhatSchema::SetVirtualHub(NamedVirtualHubSchema { name: one.name.to_string(), spec: virtual_hub(one) })
        }
        Routing::Transit(one) => WhatSchema::SetTransit(transit(one)),
        Routing::EndpointPolicy(one) => WhatSchema::SetEndpointPolicy(EndpointPolicySchema {
            subnet: format!("{}/{}", one.network, one.subnet),
            private_endpoint_network_policies: policies(one.policy),
        }),
        Routing::SecurityGroup(one) => WhatSchema::SetSecurityGroup(NamedSecurityGroupSchema {
            name: one.name.to_string(),
            spec: security_group(one),
        }),
    }
}

/// The event that deletes one.
pub(super) fn delete(key: &RoutingKey) -> WhatSchema {
    let mut schema = RoutingKeySchema::default();
    match key {
        RoutingKey::PeeringHalf(from, to) => {
            schema.peering = Some(HalfNameSchema { from: from.to_string(), to: to.to_string() });
        }
        RoutingKey::Gateway(network) => schema.gateway = Some(network.to_string()),
        RoutingKey::RouteTable(name) => schema.route_table = Some(name.to_string()),
        RoutingKey::Appliance(name) => schema.appliance = Some(name.to_string()),
        RoutingKey::VirtualHub(name) => schema.virtual_hub = Some(name.to_string()),
        RoutingKey::Transit(through, between) => {
            let between = names(between);
            schema.transit = Some(TransitSchema { through: through.to_string(), between, by: None });
        }
        RoutingKey::SecurityGroup(name) => schema.security_group = Some(name.to_string()),
        RoutingKey::EndpointPolicy(network, subnet) => schema.endpoint_policy = Some(format!("{network}/{subnet}")),
    }
    WhatSchema::DeleteRouting(schema)
}

/// Puts an object into the maps at the top of a scenario; false if its place is taken.
pub(super) fn declare(schema: &mut ScenarioSchema, routing: &Routing) -> bool {
    match routing {
        Routing::PeeringHalf(one) => {
            schema.peerings.push(PeeringSchema::Half(half(one)));
            true
        }
        Routing::Gateway(one) => super::put(&mut schema.gateways, one.network.to_string(), gateway(one)),
        Routing::Appliance(one) => super::put(&mut schema.appliances, one.name.to_string(), appliance(one)),
        Routing::RouteTable(one) => super::put(&mut schema.route_tables, one.name.to_string(), route_table(one)),
        Routing::VirtualHub(one) => super::put(&mut schema.virtual_hubs, one.name.to_string(), virtual_hub(one)),
        Routing::Transit(one) => {
            schema.transits.push(transit(one));
            true
        }
        Routing::EndpointPolicy(one) => super::put(
            &mut schema.private_endpoint_network_policies,
            format!("{}/{}", one.network, one.subnet),
            policies(one.policy),
        ),
        Routing::SecurityGroup(one) => {
            super::put(&mut schema.security_groups, one.name.to_string(), security_group(one))
        }
    }
}

/// The place of an object among the maps at the top, in the order in which the loader reads them.
pub(super) fn place(routing: &Routing) -> usize {
    match routing {
        Routing::PeeringHalf(_) => 1,
        Routing::Gateway(_) => 2,
        Routing::Appliance(_) => 3,
        Routing::RouteTable(_) => 4,
        Routing::VirtualHub(_) => 5,
        Routing::Transit(_) => 6,
        Routing::EndpointPolicy(_) => 7,
        // They name virtual machines.
        Routing::SecurityGroup(_) => 16,
    }
}

fn names(names: &[NetworkName]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn half(one: &PeeringHalf) -> PeeringHalfSchema {
    PeeringHalfSchema {
        from: one.from.to_string(),
        to: one.to.to_string(),
        allow_virtual_network_access: Some(one.flags.access),
        allow_forwarded_traffic: Some(one.flags.forwarded),
        allow_gateway_transit: Some(one.flags.gateway_transit == Some(true)),
        use_remote_gateways: Some(one.flags.remote_gateways == Some(true)),
    }
}

fn gateway(one: &Gateway) -> GatewaySchema {
    GatewaySchema {
        kind: match one.kind {
            GatewayKind::Vpn => GatewayKindSchema::Vpn,
            GatewayKind::ExpressRoute => GatewayKindSchema::ExpressRoute,
        },
        connects: names(&one.connects),
    }
}

fn appliance(one: &Appliance) -> ApplianceSchema {
    ApplianceSchema {
        network: one.network.to_string(),
        address: one.address.to_string(),
        forwards: (one.forwards != Forwards::Allow).then(|| forwards(one.forwards)),
    }
}

fn forwards(one: Forwards) -> ForwardsSchema {
    match one {
        Forwards::Allow => ForwardsSchema::Allow,
        Forwards::Deny => ForwardsSchema::Deny,
        Forwards::Unknown => ForwardsSchema::Unknown,
    }
}

fn route_table(one: &RouteTable) -> RouteTableSchema {
    RouteTableSchema {
        disable_bgp_route_propagation: one.disable_bgp.then_some(true),
        routes: one.routes.iter().map(route).collect(),
        is_complete: (!one.is_complete).then_some(false),
        subnets: one.subnets.iter().map(|(network, subnet)| format!("{network}/{subnet}")).collect(),
    }
}

fn route(one: &UserRoute) -> RouteSchema {
    let (next_hop_type, address): (_, Option<Ipv4Addr>) = match one.next {
        NextHop::VirtualAppliance(address) => (NextHopSchema::VirtualAppliance, Some(address)),
        NextHop::VirtualNetworkGateway => (NextHopSchema::VirtualNetworkGateway, None),
        NextHop::VnetLocal => (NextHopSchema::VnetLocal, None),
        NextHop::Internet => (NextHopSchema::Internet, None),
        NextHop::None => (NextHopSchema::None, None),
    };
    RouteSchema {
        address_prefix: one.prefix.to_string(),
        next_hop_type,
        next_hop_ip_address: address.map(|address| address.to_string()),
    }
}

fn virtual_hub(one: &VirtualHub) -> VirtualHubSchema {
    VirtualHubSchema {
        virtual_wan: one.wan.to_string(),
        connections: names(&one.connections),
        firewall: one.firewall.map(forwards),
        unknown_routes: names(&one.unknown_routes),
    }
}

fn transit(one: &Transit) -> TransitSchema {
    TransitSchema {
        through: one.through.to_string(),
        between: names(&one.between),
        by: one.by.as_deref().map(str::to_owned),
    }
}

fn security_group(one: &SecurityGroup) -> SecurityGroupSchema {
    SecurityGroupSchema {
        rules: one.rules.iter().map(security_rule).collect(),
        subnets: one.subnets.iter().map(|(network, subnet)| format!("{network}/{subnet}")).collect(),
        virtual_machines: one.machines.iter().map(ToString::to_string).collect(),
    }
}

fn security_rule(one: &SecurityRule) -> SecurityRuleSchema {
    let addresses = |all: &[Addresses]| {
        (*all != [Addresses::Any]).then(|| all.iter().map(ToString::to_string).collect::<Vec<_>>().into())
    };
    let ports = one.ports.iter().map(|(from, to)| match (*from, *to) {
        (0, u16::MAX) => "*".to_owned(),
        (from, to) if from == to => from.to_string(),
        (from, to) => format!("{from}-{to}"),
    });
    SecurityRuleSchema {
        name: one.name.to_string(),
        priority: one.priority,
        direction: match one.direction {
            Direction::Inbound => DirectionSchema::Inbound,
            Direction::Outbound => DirectionSchema::Outbound,
        },
        access: match one.access {
            RuleAction::Allow => ActionSchema::Allow,
            RuleAction::Deny => ActionSchema::Deny,
        },
        protocol: match one.protocol {
            Protocol::Any => None,
            Protocol::Tcp => Some(ProtocolSchema::Tcp),
            Protocol::Udp => Some(ProtocolSchema::Udp),
            Protocol::Other => Some(ProtocolSchema::Icmp),
        },
        source_address_prefix: addresses(&one.sources),
        destination_address_prefix: addresses(&one.destinations),
        destination_port_range: (one.ports != [(0, u16::MAX)]).then(|| ports.collect::<Vec<_>>().into()),
    }
}

fn policies(one: EndpointPolicies) -> EndpointPoliciesSchema {
    match one {
        EndpointPolicies::Disabled => EndpointPoliciesSchema::Disabled,
        EndpointPolicies::NetworkSecurityGroupEnabled => EndpointPoliciesSchema::NetworkSecurityGroupEnabled,
        EndpointPolicies::RouteTableEnabled => EndpointPoliciesSchema::RouteTableEnabled,
        EndpointPolicies::Enabled => EndpointPoliciesSchema::Enabled,
    }
}
