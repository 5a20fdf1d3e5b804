import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Compares this client with the published one: what has the same name must be used in the same way. */
public class Surface {
    private static final String OURS = "ai.genauth.sdk.java.";
    private static final String THEIRS = "cn.authing.sdk.java.";

    /** Such as a count that was published as a boolean: whoever read it cannot have used it. */
    private static final List<String> MISTAKES =
            Arrays.asList(
                    "DepartmentPagingDto has no setTotalCount Boolean",
                    // Any object, and a map is what everybody took it for.
                    "GetCustomDataRespDto has no setData Object");

    /** Operations that later releases of the published client have in another form, which is ours. */
    private static final Set<String> CHANGED_LATER =
            new LinkedHashSet<>(
                    Arrays.asList(
                            "addTenantUsers",
                            "batchCreateDnef",
                            "changeIntoPublicAccount",
                            "createDnef",
                            "createTenantUser",
                            "deleteDnef",
                            "deleteWebhook",
                            "removeTenantUsers",
                            "sendInviteTenantUserEmail",
                            "setPublicAccountOfnPost",
                            "updateDnef",
                            "updateTenantUser"));

    /** Operations that were published with the types of others, or with one name for two types; ours have their own. */
    private static final Set<String> BORROWED_TYPES =
            new LinkedHashSet<>(
                    Arrays.asList(
                            "createAdminRole",
                            "getPost",
                            "getPostOfPublicUser",
                            "getPublicAccountRoles",
                            "getUserPost",
                            "listCustFields",
                            "resignPublicAccountBatch",
                            "setPublicAccountOfDepartments",
                            "unbindPublicAccountOfPost",
                            "updatePost"));

    private final List<String> differences = new ArrayList<>();
    private final Set<String> compared = new LinkedHashSet<>();

    public static void main(String[] arguments) throws Exception {
        Surface surface = new Surface();
        surface.compareOptions();
        surface.compareOperations();
        System.out.println(surface.compared.size() + " classes compared");
        surface.differences.removeAll(MISTAKES);
        surface.differences.forEach(System.out::println);
        System.exit(surface.differences.isEmpty() && surface.compared.size() > 20 ? 0 : 1);
    }

    /** Every setter of the published options has its like. */
    private void compareOptions() throws ClassNotFoundException {
        Map<String, Method> ours = methods(Class.forName(OURS + "model.ManagementClientOptions"));
        for (Method theirs : methods(Class.forName(THEIRS + "model.ManagementClientOptions")).values()) {
            if (theirs.getName().startsWith("set") && !ours.containsKey(signature(theirs))) {
                differences.add("ManagementClientOptions has no " + signature(theirs));
            }
        }
    }

    private void compareOperations() throws ClassNotFoundException {
        Map<String, Method> ours = byName(Class.forName(OURS + "client.ManagementClient"));
        Map<String, Method> theirs = byName(Class.forName(THEIRS + "client.ManagementClient"));
        ours.keySet().retainAll(theirs.keySet());
        ours.keySet().removeAll(CHANGED_LATER);
        ours.keySet().removeAll(BORROWED_TYPES);
        for (Method our : ours.values()) {
            Method their = theirs.get(our.getName());
            if (!signature(our).equals(signature(their)) || !name(our.getReturnType()).equals(name(their.getReturnType()))) {
                differences.add(describe(our) + " was published as " + describe(their));
                continue;
            }
            compareProperties(our.getReturnType(), their.getReturnType());
            for (int index = 0; index < our.getParameterCount(); index++) {
                compareProperties(our.getParameterTypes()[index], their.getParameterTypes()[index]);
            }
        }
    }

    /** What both classes have must be set and read alike. */
    private void compareProperties(Class<?> our, Class<?> their) {
        if (!our.getName().startsWith(OURS) || our.isEnum() || !compared.add(our.getSimpleName())) {
            return;
        }
        Map<String, Method> theirs = byName(their);
        Map<String, Method> signatures = methods(our);
        for (Method getter : byName(our).values()) {
            Method published = theirs.get(getter.getName());
            if (!getter.getName().startsWith("get") || published == null) {
                continue;
            }
            Method setter = theirs.get("s" + getter.getName().substring(1));
            boolean takesAnything = setter != null && signatures.containsKey(setter.getName() + " Object");
            if (setter != null && !takesAnything && !signatures.containsKey(signature(setter))) {
                differences.add(name(our) + " has no " + signature(setter));
            }
            compareProperties(getter.getReturnType(), published.getReturnType());
        }
    }

    private static Map<String, Method> byName(Class<?> type) {
        Map<String, Method> found = new TreeMap<>();
        for (Method method : type.getDeclaredMethods()) {
            // Of two methods of a name any: where there are two, they are looked for by their signatures.
            if (Modifier.isPublic(method.getModifiers()) && !method.isSynthetic()) {
                found.put(method.getName(), method);
            }
        }
        return found;
    }

    private static Map<String, Method> methods(Class<?> type) {
        Map<String, Method> found = new TreeMap<>();
        for (Method method : type.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers())) {
                found.put(signature(method), method);
            }
        }
        return found;
    }

    private static String signature(Method method) {
        StringBuilder text = new StringBuilder(method.getName());
        Arrays.stream(method.getParameterTypes()).forEach(type -> text.append(' ').append(name(type)));
        return text.toString();
    }

    private static String describe(Method method) {
        return name(method.getReturnType()) + " " + signature(method);
    }

    /** Without the package. */
    private static String name(Class<?> type) {
        return type.getName().replaceFirst("^.*\\.", "");
    }
}
