#!/usr/bin/env python3
"""Prints what is in the program as a CycloneDX document, checked against the schema of its version.

    packaging/sbom.py [TARGET]        needs the package cyclonedx-python-lib[json-validation]
"""
import os
import sys
from datetime import datetime, timezone

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashType, HashAlgorithm, ExternalReference, ExternalReferenceType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from crates import checksums, linked


def component(package: dict, kind: ComponentType, hashes: dict) -> Component:
    name, version = package["name"], package["version"]
    purl = PackageURL("cargo", name=name, version=version)
    checksum = hashes.get((name, version))
    licence = package["license"]
    references = [ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(package["repository"]))] if package["repository"] else []
    return Component(
        type=kind, name=name, version=version, purl=purl, bom_ref=str(purl), description=package["description"],
        licenses=[LicenseFactory().make_from_string(licence.replace("/", " OR "))] if licence else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [], external_references=references,
    )


def main() -> None:
    root, packages, edges = linked(*sys.argv[1:])
    hashes = checksums()
    bom = Bom()
    if "SOURCE_DATE_EPOCH" in os.environ:
        bom.metadata.timestamp = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
    components = {one["id"]: component(one, ComponentType.LIBRARY, hashes) for one in packages}
    bom.metadata.component = components[root["id"]] = component(root, ComponentType.APPLICATION, hashes)
    for one in packages:
        bom.components.add(components[one["id"]])
    for identifier, needs in edges.items():
        bom.register_dependency(components[identifier], [components[need] for need in needs])
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong:
        sys.exit(f"error: the document does not hold its schema: {wrong}")
    print(text)


main()
