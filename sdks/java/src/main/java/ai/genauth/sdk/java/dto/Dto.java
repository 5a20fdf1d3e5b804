package ai.genauth.sdk.java.dto;

import ai.genauth.sdk.java.util.JsonUtils;

/** What all objects of the wire have in common. */
public abstract class Dto {
    /** The object as JSON, its secrets masked: it may end up in a log. */
    @Override
    public String toString() {
        return JsonUtils.describe(this);
    }
}
