module github.com/pult-cc/pult

go 1.26
