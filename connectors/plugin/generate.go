package plugin

//go:generate go run ./internal/protoc proto pult/connector/v1/connector.proto pluginpb
