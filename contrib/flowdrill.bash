# flowdrill(1): completion for bash. Made from the program's tables by
# GENERATE=1 make check TESTS=tests/cli/completion.sh: do not edit.

_flowdrill_files()
{
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen "${1--f}" -- "$cur")
}

_flowdrill_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_flowdrill()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= options= word

	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		import|capture|list|show|export|related|map|find|stats|check|dump) command=$word; break ;;
		esac
	done
	case $prev in
	--store|-s) _flowdrill_files; return ;;
	--read|-r) _flowdrill_files; return ;;
	--interface|-i) _flowdrill_words "$(ls /sys/class/net)"; return ;;
	--write|-w) _flowdrill_files; return ;;
	--bpf|-f) return ;;
	--from) return ;;
	--to) return ;;
	--in) return ;;
	--group-by) return ;;
	--sort) return ;;
	--limit) return ;;
	--fields) return ;;
	--format) _flowdrill_words 'table csv json dot'; return ;;
	--window) return ;;
	--depth) return ;;
	--payload) _flowdrill_files; return ;;
	--text) return ;;
	--hex) return ;;
	--tier) _flowdrill_words 'packets microflows flows macroflows'; return ;;
	--sqlite) _flowdrill_files; return ;;
	--filter) return ;;
	--script) _flowdrill_files; return ;;
	--keys) return ;;
	--batch) return ;;
	--screen-dump) _flowdrill_files; return ;;
	--size) return ;;
	--config) _flowdrill_files; return ;;
	--state) _flowdrill_files; return ;;
	--slices) return ;;
	--attributes) _flowdrill_words 'all none tcp response app voip'; return ;;
	--attributes-for) return ;;
	--fingerprints) _flowdrill_words 'none seen hosts'; return ;;
	--block-size) return ;;
	--index-dir) _flowdrill_files -d; return ;;
	--threads) return ;;
	--resolve) _flowdrill_words 'none seen hosts'; return ;;
	--health) _flowdrill_files; return ;;
	--buffer-size) return ;;
	--snaplen) return ;;
	--sync-interval) return ;;
	--max-size) return ;;
	--max-age) return ;;
	--min-free) return ;;
	--keep-macroflows) return ;;
	--when-full) _flowdrill_words 'rotate stop'; return ;;
	--user) _flowdrill_words "$(compgen -u)"; return ;;
	--report) return ;;
	--duration) return ;;
	--count) return ;;
	esac
	case $command in
	import) options=' --store --bpf --slices --attributes --attributes-for --fingerprints --block-size --index-dir --threads --snaplen --quiet --help' ;;
	capture) options=' --store --interface --bpf --slices --attributes --attributes-for --fingerprints --block-size --index-dir --threads --buffer-size --snaplen --promiscuous --immediate --sync-interval --max-size --max-age --min-free --keep-macroflows --when-full --user --report --duration --count --quiet --help' ;;
	list) options=' --store --read --bpf --from --to --in --group-by --sort --limit --fields --format --csv-exact --explain --slices --attributes --attributes-for --fingerprints --index-dir --no-cache --threads --resolve --health --quiet --help' ;;
	show) options=' --store --read --bpf --slices --attributes --attributes-for --fingerprints --index-dir --no-cache --threads --resolve --health --quiet --help' ;;
	export) options=' --store --read --write --bpf --from --to --in --fields --explain --tier --sqlite --force --slices --attributes --attributes-for --fingerprints --index-dir --no-cache --threads --resolve --health --quiet --help' ;;
	related) options=' --store --read --bpf --limit --format --window --depth --upstream --explain --slices --attributes --attributes-for --fingerprints --index-dir --no-cache --threads --resolve --health --quiet --help' ;;
	map) options=' --store --read --bpf --from --to --in --limit --format --window --explain --slices --attributes --attributes-for --fingerprints --index-dir --no-cache --threads --resolve --health --quiet --help' ;;
	find) options=' --store --read --bpf --from --to --in --limit --format --payload --text --hex --every-packet --explain --tier --slices --attributes --attributes-for --fingerprints --index-dir --no-cache --threads --resolve --health --quiet --help' ;;
	stats) options=' --store --read --bpf --format --slices --attributes --attributes-for --fingerprints --index-dir --no-cache --threads --health --quiet --help' ;;
	check) options=' --store --repair --threads --quiet --help' ;;
	dump) options=' --deep --quiet --help' ;;
	*) options=' --store --read --interface --bpf --in --filter --script --keys --batch --screen-dump --ansi --size --ascii --config --state --fresh --slices --attributes --attributes-for --fingerprints --block-size --index-dir --no-cache --threads --resolve --health --buffer-size --snaplen --promiscuous --immediate --sync-interval --max-size --max-age --min-free --keep-macroflows --when-full --user --quiet --help --version' ;;
	esac
	if [[ $cur == -* ]]; then
		_flowdrill_words "$options"
	elif [[ $command == list && $prev == list ]]; then
		_flowdrill_words 'macroflows flows microflows packets blocks points'
	elif [[ $COMP_CWORD == 1 ]]; then
		_flowdrill_files
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'import capture list show export related map find stats check dump' -- "$cur")
	else
		_flowdrill_files
	fi
}

complete -F _flowdrill flowdrill
