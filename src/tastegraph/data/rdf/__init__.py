"""Facts from RDF documents and from Wikidata's dump."""
