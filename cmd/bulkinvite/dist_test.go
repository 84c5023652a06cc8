package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"bulkinvite/batch"
	"bulkinvite/cmd/bulkinvite/app"
)

// The files of dist are copied and run by others: these tests hold them against
// the program.

const top = "../.."

func readDist(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("dist", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// find returns what the only group of a pattern matches, once in a text.
func find(t *testing.T, text, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
	if len(found) != 1 {
		t.Fatalf("%s is found %d times, want once", pattern, len(found))
	}
	return found[0][1]
}

func TestReadyFilesRunCommands(t *testing.T) {
	root := newRootCommand(&app.App{})
	for name, pattern := range map[string]string{
		"bulkinvite.service": `(?m)^ExecStart=/usr/local/bin/bulkinvite (.*)$`,
		"bulkinvite.cron":    `(?m)^\d.* bulkinvite  bulkinvite (.*)$`,
		"Dockerfile":         `(?m)^#     bulkinvite (.*)$`,
	} {
		checkExample(t, root, strings.Fields(find(t, readDist(t, name), pattern)))
	}
	for _, name := range []string{"bulkinvite.service", "bulkinvite.cron"} { // and by hand
		for _, command := range []string{"status", "confirm"} {
			checkExample(t, root, strings.Fields(find(t, readDist(t, name), `(?m)^#   .*\bbulkinvite (`+command+` .*)$`)))
		}
	}
	checkExample(t, root, readCronJob(t).container(t).Args)
}

// systemd tells of what it does not know and goes on, so it must say nothing.
func TestUnitsAreGood(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	args := []string{"verify", "--man=no", "--recursive-errors=no"}
	for _, name := range []string{"bulkinvite.service", "bulkinvite.timer"} {
		text := strings.ReplaceAll(readDist(t, name), "/usr/local/bin/bulkinvite", program)
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out, err := exec.Command(analyze, args...).CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("bulkinvite")) {
		t.Errorf("systemd-analyze: %v\n%s", err, out)
	}
}

// Whoever stops a run must wait for the requests under way and the outputs.
func TestReadyFilesWaitForTheEnd(t *testing.T) {
	least := 2 * batch.DefaultOptions().Timeout
	waits := map[string]string{
		"bulkinvite.service": strings.Replace(find(t, readDist(t, "bulkinvite.service"), `(?m)^TimeoutStopSec=(.*)$`), "min", "m", 1),
		"Dockerfile":         find(t, readDist(t, "Dockerfile"), `--stop-timeout (\d+)`) + "s",
		"cronjob.yaml":       find(t, readDist(t, "cronjob.yaml"), `terminationGracePeriodSeconds: (\d+)`) + "s",
	}
	for name, text := range waits {
		if wait, err := time.ParseDuration(text); err != nil || wait < least {
			t.Errorf("%s waits for %s (%v), want at least %v", name, text, err, least)
		}
	}
}

// No engine builds the image here: what it copies must be there and must not be
// kept from it.
func TestImageCopiesWhatIsThere(t *testing.T) {
	kept, err := os.ReadFile(filepath.Join(top, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	let := strings.Split(string(kept), "\n")
	copies := map[string]bool{}
	file := readDist(t, "Dockerfile")
	for scanner := bufio.NewScanner(strings.NewReader(file)); scanner.Scan(); {
		words := strings.Fields(scanner.Text())
		if len(words) < 3 || words[0] != "COPY" || strings.HasPrefix(words[1], "--from") {
			continue
		}
		for _, path := range words[1 : len(words)-1] {
			copies[path] = true
			if _, err := os.Stat(filepath.Join(top, path)); err != nil {
				t.Error(err)
			}
			if !slices.Contains(let, "!"+path) {
				t.Errorf(".dockerignore keeps %s out", path)
			}
		}
	}
	packages, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(packages)) {
		folder, own := strings.CutPrefix(strings.TrimSpace(path), "bulkinvite/")
		if folder, _, _ = strings.Cut(folder, "/"); own && !copies[folder] {
			t.Errorf("%s is not copied, and the program needs it", folder)
		}
	}
	mod, err := os.ReadFile(filepath.Join(top, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if image, module := find(t, file, `golang:(\S+) AS`), find(t, string(mod), `(?m)^go (.*)$`); image != module {
		t.Errorf("the image is built with Go %s, and go.mod says %s", image, module)
	}
}

// A cronJob is what has to hold of the manifest, and not all of what it says.
type cronJob struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     struct {
		ConcurrencyPolicy string `yaml:"concurrencyPolicy"`
		JobTemplate       struct {
			Spec struct {
				BackoffLimit *int `yaml:"backoffLimit"`
				Template     struct {
					Spec struct {
						RestartPolicy string         `yaml:"restartPolicy"`
						Security      map[string]any `yaml:"securityContext"`
						Containers    []container
						Volumes       []struct {
							Name  string
							Claim struct {
								Name string `yaml:"claimName"`
							} `yaml:"persistentVolumeClaim"`
						}
					}
				}
			}
		} `yaml:"jobTemplate"`
	}
}

type container struct {
	Args     []string
	Env      []struct{ Name, Value string }
	Security map[string]any `yaml:"securityContext"`
	Mounts   []struct {
		Name string
		Path string `yaml:"mountPath"`
	} `yaml:"volumeMounts"`
}

func (j *cronJob) container(t *testing.T) container {
	t.Helper()
	containers := j.Spec.JobTemplate.Spec.Template.Spec.Containers
	if len(containers) != 1 {
		t.Fatalf("%d containers, want one", len(containers))
	}
	return containers[0]
}

// readManifest returns the documents of the manifest, the job last.
func readManifest(t *testing.T) []cronJob {
	t.Helper()
	var all []cronJob
	decoder := yaml.NewDecoder(strings.NewReader(readDist(t, "cronjob.yaml")))
	for {
		var one cronJob
		if err := decoder.Decode(&one); err != nil {
			break
		}
		all = append(all, one)
	}
	if len(all) == 0 || all[len(all)-1].Kind != "CronJob" {
		t.Fatal("the manifest does not end with a CronJob")
	}
	return all
}

func readCronJob(t *testing.T) *cronJob {
	t.Helper()
	all := readManifest(t)
	return &all[len(all)-1]
}

func TestCronJobRunsOnceAndTiesUp(t *testing.T) {
	job := readCronJob(t)
	spec := job.Spec.JobTemplate.Spec
	pod := spec.Template.Spec
	one := job.container(t)
	if job.Spec.ConcurrencyPolicy != "Forbid" || pod.RestartPolicy != "Never" || spec.BackoffLimit == nil || *spec.BackoffLimit != 0 {
		t.Error("a run may go twice at once, or be repeated by itself")
	}
	if pod.Security["runAsNonRoot"] != true || one.Security["readOnlyRootFilesystem"] != true {
		t.Error("the container is root, or may write to its own files")
	}
	claims, volumes, mounts := map[string]bool{}, map[string]bool{}, map[string]string{}
	for _, document := range readManifest(t) {
		claims[document.Metadata.Name] = document.Kind == "PersistentVolumeClaim"
	}
	for _, volume := range pod.Volumes {
		volumes[volume.Name] = true
		if name := volume.Claim.Name; name != "" && !claims[name] {
			t.Errorf("nobody claims %s", name)
		}
	}
	for _, mount := range one.Mounts {
		mounts[mount.Path] = mount.Name
		if !volumes[mount.Name] {
			t.Errorf("there is no volume %s", mount.Name)
		}
	}
	for _, variable := range one.Env { // the ledger, the key and the temporary files
		if mounts[variable.Value] == "" {
			t.Errorf("%s is %s, and nothing is mounted there", variable.Name, variable.Value)
		}
	}
}

// What is released is what make makes and what is there.
func TestReleaseHasWhatItPacks(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Builds   []struct{ Main string }
		Archives []struct{ Files []yaml.Node }
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	for _, build := range config.Builds {
		if _, err := os.Stat(filepath.Join(top, build.Main)); err != nil {
			t.Error(err)
		}
	}
	for _, archive := range config.Archives {
		for _, node := range archive.Files {
			var named struct{ Src string }
			if node.Decode(&named) != nil {
				named.Src = node.Value
			}
			made := named.Src == "bin/man/*" || named.Src == "bin/completions/*" // by make man completions
			if found, _ := filepath.Glob(filepath.Join(top, named.Src)); len(found) == 0 && !made {
				t.Errorf("there is no %s", named.Src)
			}
		}
	}
}
