package app

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by -ldflags "-X bulkinvite/cmd/bulkinvite/app.version=v1.2.3".
var version = ""

// A Build identifies the program.
type Build struct{ Version, commit, goVersion string }

// ThisBuild reads the Build that the linker and the go command left in the binary.
func ThisBuild() Build {
	b := Build{Version: version, commit: "unknown", goVersion: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "devel"
	}
	modified := ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			b.commit = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			modified = " (modified)"
		}
	}
	b.commit += modified
	return b
}

func (b Build) String() string {
	return fmt.Sprintf("bulkinvite %s\ncommit %s\n%s %s/%s\n", b.Version, b.commit, b.goVersion, runtime.GOOS, runtime.GOARCH)
}
