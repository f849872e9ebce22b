// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "onnx_private.h"

#undef onnx_node_refuse /* the analyzer's stand-in */

_Static_assert(sizeof(struct onnx_text) == sizeof(ProtobufCBinaryData) &&
                   offsetof(struct onnx_text, size) == offsetof(ProtobufCBinaryData, len) &&
                   offsetof(struct onnx_text, bytes) == offsetof(ProtobufCBinaryData, data),
               "lists of texts are handed out in place");

int onnx_node_refuse(const struct onnx_node *node, struct error *error, const char *format, ...)
{
    struct error reason;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason.text, sizeof(reason.text), format, arguments);
    va_end(arguments);
    if (node->name[0] != '\0')
        return error_set(error, -EINVAL, "node '%s': %.380s", node->name, reason.text);
    return error_set(error, -EINVAL, "node %zu (%s): %.380s", node->index, node->op, reason.text);
}

bool onnx_text_is(const struct onnx_text *text, const char *want)
{
    return text->size == strlen(want) && memcmp(text->bytes, want, text->size) == 0;
}

static const Onnx__AttributeProto *find(const struct onnx_node *node, const char *name)
{
    const Onnx__NodeProto *proto = node->attributes;

    for (size_t i = 0; i < proto->n_attribute; i++) {
        if (strcmp(onnx_string(proto->attribute[i]->name), name) == 0)
            return proto->attribute[i];
    }
    return NULL;
}

static int check_type(const struct onnx_node *node, const Onnx__AttributeProto *attribute,
                      Onnx__AttributeProto__AttributeType type, bool present, struct error *error)
{
    if (attribute->type != type || !present)
        return onnx_node_refuse(node, error, "attribute '%s' has another type than the operator's",
                                attribute->name);
    return 0;
}

int onnx_attribute_int(const struct onnx_node *node, const char *name, int64_t *value,
                       struct error *error)
{
    const Onnx__AttributeProto *attribute = find(node, name);

    if (!attribute)
        return 0;
    int err = check_type(node, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT,
                         attribute->has_i, error);
    if (!err)
        *value = attribute->i;
    return err;
}

int onnx_attribute_float(const struct onnx_node *node, const char *name, float *value,
                         struct error *error)
{
    const Onnx__AttributeProto *attribute = find(node, name);

    if (!attribute)
        return 0;
    int err = check_type(node, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT,
                         attribute->has_f, error);
    if (!err)
        *value = attribute->f;
    return err;
}

int onnx_attribute_text(const struct onnx_node *node, const char *name, struct onnx_text *value,
                        struct error *error)
{
    const Onnx__AttributeProto *attribute = find(node, name);

    if (!attribute)
        return 0;
    int err = check_type(node, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING,
                         attribute->has_s, error);
    if (!err)
        *value = (struct onnx_text){attribute->s.len, (const char *)attribute->s.data};
    return err;
}

int onnx_attribute_ints(const struct onnx_node *node, const char *name, const int64_t **values,
                        size_t *count, struct error *error)
{
    const Onnx__AttributeProto *attribute = find(node, name);

    *values = NULL;
    *count = 0;
    if (!attribute)
        return 0;
    int err = check_type(node, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS, true, error);
    if (!err) {
        *values = attribute->ints;
        *count = attribute->n_ints;
    }
    return err;
}

int onnx_attribute_floats(const struct onnx_node *node, const char *name, const float **values,
                          size_t *count, struct error *error)
{
    const Onnx__AttributeProto *attribute = find(node, name);

    *values = NULL;
    *count = 0;
    if (!attribute)
        return 0;
    int err =
        check_type(node, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS, true, error);
    if (!err) {
        *values = attribute->floats;
        *count = attribute->n_floats;
    }
    return err;
}

int onnx_attribute_texts(const struct onnx_node *node, const char *name,
                         const struct onnx_text **values, size_t *count, struct error *error)
{
    const Onnx__AttributeProto *attribute = find(node, name);

    *values = NULL;
    *count = 0;
    if (!attribute)
        return 0;
    int err =
        check_type(node, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS, true, error);
    if (!err) {
        *values = (const struct onnx_text *)(const void *)attribute->strings;
        *count = attribute->n_strings;
    }
    return err;
}

int onnx_check_attributes(const struct onnx_node *node, const char *const *known,
                          struct error *error)
{
    const Onnx__NodeProto *proto = node->attributes;

    for (size_t i = 0; i < proto->n_attribute; i++) {
        const char *name = proto->attribute[i]->name; /* printable: checked when it was read */
        size_t k = 0;

        while (known[k] && strcmp(known[k], name) != 0)
            k++;
        if (!known[k])
            return onnx_node_refuse(node, error, "attribute '%s' of %s isn't supported", name,
                                    node->op);
        if (find(node, name) != proto->attribute[i])
            return onnx_node_refuse(node, error, "attribute '%s' stands there twice", name);
    }
    return 0;
}
