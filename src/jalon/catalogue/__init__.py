"""KPI definitions: YAML files with worked examples, the built-ins and a company's own alike."""
