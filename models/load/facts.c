#include "models/load/facts.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

void facts_add_number(struct facts *facts, const char *name, int64_t value)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < facts->number_count; i++)
        if (strcmp(facts->numbers[i].name, name) == 0)
            return;
    if (length >= FACT_NAME || facts->number_count == FACT_NUMBERS)
        return;
    memcpy(facts->numbers[facts->number_count].name, name, length + 1);
    facts->numbers[facts->number_count++].value = value;
}

bool facts_add_token(struct facts *facts, const char *bytes, size_t length)
{
    if (!memory_grow((void **)&facts->tokens, &facts->token_capacity, facts->token_count + 1, sizeof *facts->tokens))
        return false;
    facts->tokens[facts->token_count++] = (struct fact_token){bytes, length};
    return true;
}

void facts_release(struct facts *facts)
{
    free(facts->tokens);
    *facts = (struct facts){0};
}
