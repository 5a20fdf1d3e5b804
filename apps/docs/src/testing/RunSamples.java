import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Base64;

/** Runs Java samples one after another. Prints a line for each: its class, what it printed and how it failed, in Base64. */
public class RunSamples {
    public static void main(String[] classes) throws Exception {
        PrintStream report = System.out;
        for (String name : classes) {
            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            System.setOut(new PrintStream(printed, true, "UTF-8"));
            StringWriter failure = new StringWriter();
            try {
                Class.forName(name).getMethod("main", String[].class).invoke(null, (Object) new String[0]);
            } catch (ReflectiveOperationException error) {
                error.printStackTrace(new PrintWriter(failure, true));
            }
            report.println(name + " " + encoded(printed.toByteArray()) + " " + encoded(failure.toString().getBytes("UTF-8")));
        }
    }

    private static String encoded(byte[] bytes) {
        return bytes.length == 0 ? "-" : Base64.getEncoder().encodeToString(bytes);
    }
}
