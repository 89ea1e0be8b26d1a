{{- define "linkmend.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "linkmend.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "linkmend.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "linkmend.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "linkmend.selectorLabels" -}}
app.kubernetes.io/name: {{ include "linkmend.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "linkmend.labels" -}}
{{ include "linkmend.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /*
The port of an address in the configuration. One that listens on the pod's own
localhost can be reached by nobody else, neither by probes nor by the Service.
Takes (list KEY ADDRESS).
*/ -}}
{{- define "linkmend.port" -}}
{{- $key := index . 0 -}}
{{- $address := index . 1 | default "" -}}
{{- if or (eq $address "") (hasPrefix "localhost:" $address) (hasPrefix "127." $address) (hasPrefix "[::1]" $address) -}}
{{- fail (printf "config.%s is %q, which nobody outside of the pod can reach; give it a port on all addresses, such as \":4317\"" $key $address) -}}
{{- end -}}
{{- $port := regexFind "[0-9]+$" $address -}}
{{- if not $port -}}
{{- fail (printf "config.%s is %q, which has no port number at its end" $key $address) -}}
{{- end -}}
{{- $port -}}
{{- end }}

{{- /* All ports as JSON: {NAME: PORT}; those that are not configured are missing. */ -}}
{{- define "linkmend.ports" -}}
{{- $ports := dict -}}
{{- $config := .Values.config -}}
{{- $protocols := dig "receivers" "otlp" "protocols" (dict) $config -}}
{{- range $name, $key := dict "otlp-grpc" "grpc" "otlp-http" "http" -}}
{{- if hasKey $protocols $key -}}
{{- $protocol := get $protocols $key | default dict -}}
{{- $_ := set $ports $name (include "linkmend.port" (list (printf "receivers.otlp.protocols.%s.endpoint" $key) $protocol.endpoint)) -}}
{{- end -}}
{{- end -}}
{{- if not $ports -}}
{{- fail "config.receivers.otlp.protocols has neither grpc nor http: nobody could send anything" -}}
{{- end -}}
{{- $health := dig "extensions" "health_check" (dict) $config | default dict -}}
{{- if not (has "health_check" (dig "service" "extensions" (list) $config)) -}}
{{- fail "config.service.extensions has no health_check: the probes would have nothing to ask" -}}
{{- end -}}
{{- $_ := set $ports "health" (include "linkmend.port" (list "extensions.health_check.endpoint" $health.endpoint)) -}}
{{- range dig "service" "telemetry" "metrics" "readers" (list) $config -}}
{{- $prometheus := dig "pull" "exporter" "prometheus" (dict) . -}}
{{- if $prometheus -}}
{{- $_ := set $ports "metrics" (include "linkmend.port" (list "service.telemetry.metrics.readers[].pull.exporter.prometheus" (printf "%s:%v" (get $prometheus "host" | default "") $prometheus.port))) -}}
{{- end -}}
{{- end -}}
{{- toJson $ports -}}
{{- end }}

{{- define "linkmend.usesBackend" -}}
{{- if contains "${env:BACKEND_ENDPOINT}" (toJson .Values.config.exporters) }}yes{{ end -}}
{{- end }}

{{- /*
How many pods. What one has seen another one has not, unless all processors of linkmend
share an index.
*/ -}}
{{- define "linkmend.replicas" -}}
{{- $replicas := int .Values.replicas -}}
{{- if gt $replicas 1 -}}
{{- range $id, $processor := .Values.config.processors -}}
{{- if or (eq $id "linkmend") (hasPrefix "linkmend/" $id) -}}
{{- if not (dig "index" "redis" (dict) ($processor | default dict)) -}}
{{- fail (printf "replicas is %d, and config.processors.%s has no index.redis: a pod could not link to what another one has seen; give it a store, or have one pod" $replicas $id) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $replicas -}}
{{- end }}
