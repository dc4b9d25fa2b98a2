package onec

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/errs"
)

// Tasks says where tasks are written, and into which fields. An empty name is that of Task_ЗадачаИсполнителя; "-" leaves the field out.
// The names and constants are those that a client of a real 1С:ERP writes.
type Tasks struct {
	Entity       string `json:"entity"`        // default Task_ЗадачаИсполнителя
	Title        string `json:"title"`         // default Description; carries the mark by which a task is found again
	TitleSize    int    `json:"title_size"`    // characters that the base keeps of it; default 100
	Text         string `json:"text"`          // default Описание
	Date         string `json:"date"`          // when it was made; default Date
	Due          string `json:"due"`           // default СрокИсполнения
	Subject      string `json:"subject"`       // the customer; default Предмет, beside a field with the type's name
	SubjectName  string `json:"subject_name"`  // default ПредметСтрокой
	Performer    string `json:"performer"`     // who is to do it; default Исполнитель, beside a field with the type's name
	PerformerSet string `json:"performer_set"` // who that may be; default Catalog_Пользователи, found by the operator's name
	// Default is the key of whoever does what no operator of the call is to do. Without it the constants must name a role.
	Default   string         `json:"default_performer"`
	Constants map[string]any `json:"constants"`
	Language  string         `json:"language"` // of what is written: ru or en; default ru
}

func (t *Tasks) complete() error {
	const op = "reading configuration"
	def(&t.Entity, "Task_ЗадачаИсполнителя")
	def(&t.Title, "Description")
	def(&t.Text, "Описание")
	def(&t.Date, "Date")
	def(&t.Due, "СрокИсполнения")
	def(&t.Subject, "Предмет")
	def(&t.SubjectName, "ПредметСтрокой")
	def(&t.Performer, "Исполнитель")
	def(&t.PerformerSet, "Catalog_Пользователи")
	def(&t.Language, "ru")
	if t.TitleSize == 0 {
		t.TitleSize = 100
	}
	if t.Constants == nil {
		t.Constants = map[string]any{
			"Executed": false, "Важность": "Обычная", "СостояниеБизнесПроцесса": "Активен", "ПринятаКИсполнению": false,
			"BusinessProcess": "", "BusinessProcess_Type": undefined, "RoutePoint": "", "RoutePoint_Type": undefined,
		}
	}
	role := false
	for n := range t.Constants {
		if !isPath(n) || strings.Contains(n, "/") {
			return errs.Field(op, "tasks.constants", fmt.Sprintf("%q is no name of a field in 1C", n))
		}
		role = role || strings.HasPrefix(n, "РольИсполнителя")
	}
	switch {
	case t.TitleSize < smallestSubject:
		return errs.Field(op, "tasks.title_size", fmt.Sprintf("must be %d at least: the mark of a task has to fit", smallestSubject))
	case t.Title == noField:
		return errs.Field(op, "tasks.title", "is needed: tasks are found again by it")
	case t.Language != "ru" && t.Language != "en":
		return errs.Field(op, "tasks.language", "must be ru or en")
	case t.Default != "" && !guidForm.MatchString(t.Default):
		return errs.Field(op, "tasks.default_performer", "must be the key of a user of the base")
	case t.Performer != noField && t.Default == "" && !role:
		return errs.Field(op, "tasks.default_performer", "is needed, or РольИсполнителя_Key among the constants: nobody sees a task of nobody")
	}
	for field, name := range map[string]string{
		"entity": t.Entity, "title": t.Title, "text": t.Text, "date": t.Date, "due": t.Due, "subject": t.Subject, "subject_name": t.SubjectName,
		"performer": t.Performer, "performer_set": t.PerformerSet,
	} {
		if name != noField && (!isPath(name) || strings.Contains(name, "/")) {
			return errs.Field(op, "tasks."+field, fmt.Sprintf("%q is no name of a field in 1C", name))
		}
	}
	return nil
}

// undefined is the type of a composite field without a value.
const undefined = "StandardODATA.Undefined"

// tasker is a Driver to a base that takes tasks.
type tasker struct{ *Driver }

// spoiltOpen begins the mark of a task that the base did not keep as it was sent: it is none, whoever marked it for deletion, and is
// written anew when it is tried again.
const spoiltOpen = "[cx:"

// CreateTask implements connectors.TaskCreator: it looks for the task by its mark and makes it where there is none. A task that is there is
// left alone: somebody may be at it, or may have done it.
func (d tasker) CreateTask(ctx context.Context, task connectors.Task) (connectors.Ref, error) {
	const op = "writing task into 1C"
	if task.Key == "" || len(task.Key) > maxKey || strings.ContainsFunc(task.Key, notOfKey) {
		return connectors.Ref{}, errs.Field(op, "key", "is no key of a task")
	}
	done, err := d.turns.take(ctx, op, "task "+task.Key)
	if err != nil {
		return connectors.Ref{}, err
	}
	defer done()
	t := d.tasks
	name, err := d.nameOf(ctx, op, task.Customer)
	if err != nil {
		return connectors.Ref{}, err
	}
	mark := spoiltOpen + task.Key + markClose
	found, err := d.client.list(ctx, op, query{
		entity: t.Entity, sel: []string{"Ref_Key", "DeletionMark", t.Title}, top: atMost, order: "Ref_Key",
		filter: contains(markOpen+task.Key+markClose, t.Title) + " or " + contains(mark, t.Title),
	})
	if err != nil {
		return connectors.Ref{}, err
	}
	isSpoilt := func(r record) bool { return strings.Contains(r.str(t.Title), mark) }
	spoilt, _ := keep(slices.DeleteFunc(slices.Clone(found), func(r record) bool { return !isSpoilt(r) }))
	key, doubles := keep(slices.DeleteFunc(found, isSpoilt))
	if key == "" {
		if key, err = d.newTask(ctx, op, task, name, spoilt); err != nil {
			return connectors.Ref{}, err
		}
	}
	for _, other := range doubles {
		if err := d.mark(ctx, op, t.Entity, other); err != nil {
			return connectors.Ref{}, err
		}
	}
	return connectors.Ref{Connector: d.id, Type: t.Entity, ID: key}, nil
}

// newTask makes a task, of a spoilt one where there is one, and reads it back.
func (d tasker) newTask(ctx context.Context, op string, task connectors.Task, customer, spoilt string) (string, error) {
	t := d.tasks
	performer, err := d.performer(ctx, op, task.Agent.Name)
	if err != nil {
		return "", err
	}
	fields := d.taskFields(task, customer, performer)
	if err := d.publishes(ctx, op, t.Entity, slices.Sorted(maps.Keys(fields))); err != nil {
		return "", err
	}
	method, sent := http.MethodPost, fields
	if spoilt != "" {
		method, sent = http.MethodPatch, maps.Clone(fields)
		sent["DeletionMark"] = false
	}
	key, err := d.client.write(ctx, op, method, query{entity: t.Entity, key: spoilt}, sent)
	if err != nil {
		return "", err
	}
	lost, err := d.readBack(ctx, op, t.Entity, key, fields, []string{t.SubjectName})
	if err != nil {
		return "", err
	}
	if len(lost) > 0 {
		title := spoiltOpen + task.Key + markClose // in place of the mark by which it would pass for a good one
		_, err := d.client.write(ctx, op, http.MethodPatch, query{entity: t.Entity, key: key}, map[string]any{"DeletionMark": true, t.Title: title})
		if err != nil {
			return "", err
		}
		return "", errs.E(errs.Invalid, op, "the base did not keep "+strings.Join(lost, ", ")+" as it was sent")
	}
	return key, nil
}

// performer finds who is to do it: the one user of the operator's name, else whoever is configured.
func (d tasker) performer(ctx context.Context, op, name string) (string, error) {
	t := d.tasks
	if name = oneLine(name); name == "" || t.Performer == noField {
		return strings.ToLower(t.Default), nil
	}
	found, err := d.client.list(ctx, op, query{
		entity: t.PerformerSet, sel: []string{"Ref_Key"}, top: 2, filter: "Description eq " + text(name) + " and DeletionMark eq false",
	})
	if err != nil {
		return "", err
	}
	if len(found) == 1 && guidForm.MatchString(found[0].str("Ref_Key")) { // of two of one name, neither is known to be meant
		return strings.ToLower(found[0].str("Ref_Key")), nil
	}
	return strings.ToLower(t.Default), nil
}

func (d tasker) taskFields(task connectors.Task, customer, performer string) map[string]any {
	t, l := d.tasks, languages[d.tasks.Language]
	out := maps.Clone(t.Constants)
	set := func(name string, value any) {
		if name != noField {
			out[name] = value
		}
	}
	link := func(name, key, entity string) {
		if name == noField {
			return
		}
		out[name], out[name+"_Type"] = "", undefined
		if key != "" {
			out[name], out[name+"_Type"] = key, "StandardODATA."+entity
		}
	}
	set(t.Title, marked(oneLine(printable(task.Title)), task.Key, t.TitleSize))
	lines := []string{printable(strings.TrimSpace(task.Text))}
	if task.Number != "" {
		lines = append(lines, l.number+": "+task.Number)
	}
	set(t.Text, strings.TrimSpace(strings.Join(lines, "\n")))
	set(t.Date, d.now().In(d.zone).Format(timeForm))
	if !task.DueAt.IsZero() {
		set(t.Due, task.DueAt.In(d.zone).Format(timeForm))
	}
	set(t.SubjectName, customer)
	link(t.Subject, strings.ToLower(task.Customer.ID), task.Customer.Type)
	link(t.Performer, performer, t.PerformerSet)
	return out
}
