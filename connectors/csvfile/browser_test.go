package csvfile_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/connectors/csvfile"
	"github.com/pult-cc/pult/internal/errs"
)

func TestInTheBrowserAFileLiesWherePermitted(t *testing.T) {
	root := t.TempDir()
	files, secret := filepath.Join(root, "files"), filepath.Join(root, "secret.csv")
	if err := os.Mkdir(files, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{filepath.Join(files, "a.csv"), secret} {
		if err := os.WriteFile(f, []byte("id,name,phone\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(files, "link.csv")
	if err := os.Symlink(secret, link); err != nil {
		t.Fatal(err)
	}
	for path, permitted := range map[string]bool{
		filepath.Join(files, "a.csv"): true, filepath.Join(files, "not yet there.csv"): true, link: false, secret: false,
		files + "/../secret.csv": false, "/etc/passwd": false, files + "-other/a.csv": false,
	} {
		_, err := csvfile.Factory().Browser.Confine(json.RawMessage(fmt.Sprintf(`{"path":%q}`, path)), connectors.Reach{Folders: []string{files}})
		if permitted != (err == nil) || !permitted && (!errs.Is(err, errs.Invalid) || errs.FieldsOf(err)["path"] == "") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := csvfile.Factory().Browser.Confine(json.RawMessage(`{"path":"/a.csv"}`), connectors.Reach{}); err == nil {
		t.Error("a file was permitted where no folder is")
	}
}
