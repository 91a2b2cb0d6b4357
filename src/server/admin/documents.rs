//! Documents of [`output`](crate::output) in the OpenAPI document.
//!
//! `output` knows no HTTP: its documents have JSON Schemas. Handlers name the types of this file, which represent them, and
//! [`describe`] puts the schemas where those names point.

use schemars::generate::SchemaSettings;
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};

/// Declares types that represent documents of the same name.
macro_rules! documents {
    ($($name:ident = $document:path;)+) => {
        $(
            pub(super) struct $name;

            impl utoipa::PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    // `describe` puts the real one in its place.
                    RefOr::T(Schema::default())
                }
            }

            impl utoipa::ToSchema for $name {}
        )+

        /// Puts the schema of each document, and of those it refers to, into an OpenAPI document.
        pub(super) fn describe(document: &mut Value) {
            let mut settings = SchemaSettings::draft2020_12().for_serialize();
            settings.definitions_path = "/components/schemas".into();
            let mut generator = settings.into_generator();
            $(generator.subschema_for::<$document>();)+
            let schemas = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
            if let Some(schemas) = schemas {
                schemas.extend(generator.take_definitions(true));
            }
        }
    };
}

documents! {
    DiffDocument = crate::output::diff::DiffDocument;
    EstateDocument = crate::output::state::EstateDocument;
    ExplanationDocument = crate::output::explanation::ExplanationDocument;
    FindingDocument = crate::output::findings::FindingDocument;
    FlowDocument = crate::output::flows::FlowDocument;
    RecordSetsDocument = crate::output::record_sets::RecordSetsDocument;
    SummaryDocument = crate::output::findings::SummaryDocument;
}
