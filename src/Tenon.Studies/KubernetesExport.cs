using System.Globalization;
using System.Text.Json;

namespace Tenon.Studies;

/// <summary>Objects of Kubernetes that work on a study, as YAML.</summary>
internal static class KubernetesExport
{
    /// <summary>An indexed Job of processes that join.</summary>
    public static string Job(string name, string folder, int workers, int threads, int memory, string image) =>
        string.Create(CultureInfo.InvariantCulture, $$"""
        # Workers of a study: each takes cells that are free, and ends when none is left. The claim must be one that all nodes may write to
        # (ReadWriteMany), and hold the study at {{folder}}.
        apiVersion: batch/v1
        kind: Job
        metadata:
          name: tenon-{{name}}
        spec:
          completions: {{workers}}
          parallelism: {{workers}}
          completionMode: Indexed
          backoffLimit: {{4 * workers}}
          template:
            spec:
              restartPolicy: OnFailure
              terminationGracePeriodSeconds: 120
              containers:
                - name: worker
                  image: {{Json(image)}}
                  command: ["tenon", "study", "--join", {{Json(folder)}}, "--jobs", "1", "--threads", "{{threads}}"]
                  resources:
                    requests: { cpu: "{{threads}}", memory: "{{memory}}Gi" }
                    limits: { memory: "{{memory}}Gi" }
                  volumeMounts:
                    - name: study
                      mountPath: {{Json(folder)}}
              volumes:
                - name: study
                  persistentVolumeClaim:
                    claimName: tenon-{{name}}

        """);

    /// <summary>
    /// A live cluster: workers that Orleans' hosting on Kubernetes watches (an account that may read pods and label them), Redis for the
    /// list of them, and a Job that gives them the cells.
    /// </summary>
    public static string Cluster(string name, string folder, int workers, int threads, int memory, string image) =>
        string.Create(CultureInfo.InvariantCulture, $$"""
        # Workers of a live cluster, and a Job that gives them a study's cells. Only the Job sees the study at {{folder}}; a worker opens
        # the model by the same word, so the image holds it. Its secret is made first, once:
        #   openssl rand -hex 32 > secret && kubectl create secret generic tenon-{{name}} --from-file=secret
        # When the Job has ended: kubectl delete -f with this file; the claim and the secret stay.
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: tenon-{{name}} }
        data:
          cluster.yaml: |
            members: redis
            connection: tenon-{{name}}-redis:6379
            hosting: kubernetes
            name: tenon-{{name}}
            secret-file: /run/tenon/secret
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: { name: tenon-{{name}} }
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: { name: tenon-{{name}} }
        rules:
          - apiGroups: [""]
            resources: ["pods"]
            verbs: ["get", "list", "watch", "patch"]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: { name: tenon-{{name}} }
        subjects:
          - kind: ServiceAccount
            name: tenon-{{name}}
        roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: tenon-{{name}} }
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: tenon-{{name}}-redis }
        spec:
          selector: { app: tenon-{{name}}-redis }
          ports:
            - port: 6379
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: tenon-{{name}}-redis }
        spec:
          selector: { matchLabels: { app: tenon-{{name}}-redis } }
          template:
            metadata: { labels: { app: tenon-{{name}}-redis } }
            spec:
              containers:
                - name: redis
                  image: redis:7
                  ports:
                    - containerPort: 6379
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: tenon-{{name}} }
        spec:
          replicas: {{workers}}
          selector: { matchLabels: { app: tenon-{{name}} } }
          template:
            metadata: { labels: { app: tenon-{{name}} } }
            spec:
              serviceAccountName: tenon-{{name}}
              terminationGracePeriodSeconds: 120
              containers:
                - name: worker
                  image: {{Json(image)}}
                  command: ["tenon", "worker", "--cluster", "/etc/tenon/cluster.yaml", "--port", "7700", "--threads", "{{threads}}"]
                  env:
                    - { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
                    - { name: POD_NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
                    - { name: POD_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
                  ports:
                    - containerPort: 7700
                    - containerPort: 7701
                  resources:
                    requests: { cpu: "{{threads}}", memory: "{{memory}}Gi" }
                    limits: { memory: "{{memory}}Gi" }
                  volumeMounts:
                    - { name: cluster, mountPath: /etc/tenon }
                    - { name: secret, mountPath: /run/tenon, readOnly: true }
              volumes:
                - name: cluster
                  configMap: { name: tenon-{{name}} }
                - name: secret
                  secret: { secretName: tenon-{{name}} }
        ---
        apiVersion: batch/v1
        kind: Job
        metadata: { name: tenon-{{name}} }
        spec:
          backoffLimit: {{4 * workers}}
          template:
            spec:
              restartPolicy: OnFailure
              terminationGracePeriodSeconds: 120
              containers:
                - name: study
                  image: {{Json(image)}}
                  command: ["tenon", "study", "--resume", {{Json(folder)}}, "--cluster", "/etc/tenon/cluster.yaml"]
                  volumeMounts:
                    - { name: cluster, mountPath: /etc/tenon }
                    - { name: secret, mountPath: /run/tenon, readOnly: true }
                    - { name: study, mountPath: {{Json(folder)}} }
              volumes:
                - name: cluster
                  configMap: { name: tenon-{{name}} }
                - name: secret
                  secret: { secretName: tenon-{{name}} }
                - name: study
                  persistentVolumeClaim: { claimName: tenon-{{name}} }

        """);

    private static string Json(string text) => JsonSerializer.Serialize(text);
}
